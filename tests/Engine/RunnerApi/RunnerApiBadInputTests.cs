using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>Bad input is answered with a reason the hub can read; nothing is created and no secret comes back or is logged.</summary>
public sealed class RunnerApiBadInputTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    private const string Secret = "planted-secret-4f2c9";

    /// <summary>Body, HTTP status, part of <c>msg</c>. <c>%</c> stands for a good request's beginning with a secret in its environment.</summary>
    public static TheoryData<string, int, string> BadRequests => new()
    {
        { "", 400, "The body is empty" },
        { "this is not JSON", 400, "not valid JSON" },
        { """{"image_id":"a/b","env":{"ACCESS_TOKEN":"planted-secret-4f2c9""", 400, "not valid JSON" },
        { "[]", 400, "must be a JSON object" },
        { "null", 400, "must be a JSON object" },
        { "7", 400, "must be a JSON object" },
        { "{}{}", 400, "something follows the object" },
        { """{"image_id":5}""", 400, "image_id must be a text in quotes" },
        { """{"deploy_id":"planted-secret-4f2c9"}""", 400, "deploy_id must be a whole number" },
        { """{"deploy_id":1.5}""", 400, "deploy_id must be a whole number" },
        { """{"min_replica":99999999999}""", 400, "min_replica must be a whole number" },
        { """{"pd":{"enabled":"yes"}}""", 400, "pd.enabled must be true or false" },
        { """{"env":["planted-secret-4f2c9"]}""", 400, "env has the wrong type" },
        { """{"env":{"port":8000}}""", 400, "env.port must be a text in quotes" },
        { """{"hardware":{"gpu":"one"}}""", 400, "hardware.gpu has the wrong type" },
        { """{"hardware":{"gpu":{"num":1}}}""", 400, "hardware.gpu.num must be a text in quotes" },
        { """{"deploy_id":1,"env":{"ACCESS_TOKEN":"planted-secret-4f2c9","port":"80"}}""", 400, "image_id is required" },
        { """{"image_id":"a/b","env":{"ACCESS_TOKEN":"planted-secret-4f2c9","port":"80"}}""", 400, "deploy_id is required" },
        { """{"image_id":"a/b","deploy_id":1,"env":{"ACCESS_TOKEN":"planted-secret-4f2c9"}}""", 400, "env.port is required" },
        { """{%"port":"eighty"}}""", 400, "env.port must be a number" },
        { """{%"port":"80"},"hardware":{"memory":"much"}}""", 400, "hardware.memory must be a Kubernetes quantity" },
        { """{%"port":"80"},"hardware":{"cpu":{"num":"-1"}}}""", 400, "hardware.cpu.num must be a Kubernetes quantity" },
        { """{%"port":"80"},"hardware":{"ephemeral_storage":"1Zi"}}""", 400, "hardware.ephemeral_storage" },
        { """{%"port":"80"},"hardware":{"gpu":{"num":"half","resource_name":"nvidia.com/gpu"}}}""", 400, "hardware.gpu.num must be a whole number" },
        { """{%"port":"80"},"pd":{"enabled":true}}""", 400, "pd.enabled" },
        { """{%"port":"80"},"cluster_id":"moon"}""", 404, "No cluster has the id 'moon'" },
        { """{%"port":"80"},"annotation":{"no key!":"x"}}""", 400, "annotation: a key" },
        { """{"image_id":"NO/such image","deploy_id":1,"env":{"port":"80"}}""", 400, "image_id must be the name of an image" },
        { """{%"port":"8012"}}""", 400, "reserved port" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_bad_request_to_run_is_refused_with_a_reason(string body, int status, string reason)
    {
        var full = body.Replace("%", $$"""
            "image_id":"a/b","deploy_id":1,"env":{"ACCESS_TOKEN":"{{Secret}}",
            """.Trim(), StringComparison.Ordinal);

        var answer = await host.CallAsync(HttpMethod.Post, "service/bad-input/run", full);

        Assert.Equal(status, (int)answer.Status);
        Assert.Contains(reason, RunnerApiHost.Json(answer.Text).GetProperty("msg").GetString(), StringComparison.Ordinal);
        await NothingHappenedAsync("bad-input", answer.Text);
    }

    [Theory]
    [InlineData("Upper-Case")]
    [InlineData("under_score")]
    [InlineData("with%2Fslash")]
    [InlineData("..%2F..%2Fnamespaces")]
    [InlineData("1-digit")]
    [InlineData("%E6%A8%A1%E5%9E%8B")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public async Task A_name_that_Kubernetes_refuses_is_refused(string name)
    {
        var answer = await host.CallAsync(HttpMethod.Post, $"service/{name}/run", RunnerApiHost.Sample("run-space"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("name of a service", RunnerApiHost.Json(answer.Text).GetProperty("msg").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "env.port is required")]
    [InlineData(1, "larger than the 1 MB")]
    public async Task A_body_may_have_a_megabyte_and_no_byte_more(int more, string refusal)
    {
        const string Begin = "{\"image_id\":\"a/b\",\"deploy_id\":1,\"user_name\":\"";
        var body = Begin + new string('a', (1024 * 1024) + more - Begin.Length - 2) + "\"}";

        var answer = await host.CallAsync(HttpMethod.Post, "service/bad-input/run", body);

        Assert.Equal(more == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Contains(refusal, RunnerApiHost.Json(answer.Text).GetProperty("msg").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ten_megabytes_are_refused_without_being_held(bool withLength)
    {
        var body = Encoding.UTF8.GetBytes("{\"image_id\":\"" + new string('a', 10 * 1024 * 1024) + "\"}");
        using var request = new HttpRequestMessage(HttpMethod.Post, "service/bad-input/run") { Content = withLength ? new ByteArrayContent(body) : new StreamContent(new MemoryStream(body)) };
        request.Headers.TransferEncodingChunked = !withLength;
        var before = GC.GetTotalAllocatedBytes();

        using var answer = await host.Hub.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        await NothingHappenedAsync("bad-input", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 * 1024 * 1024);
    }

    [Fact]
    public async Task A_body_beyond_all_measure_is_refused_and_the_connection_ends()
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(host.Address.Host, host.Address.Port, TestContext.Current.CancellationToken);
        var stream = connection.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"POST /api/v1/service/x/run HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunnerApiHost.Token}\r\nTransfer-Encoding: chunked\r\n\r\n"),
            TestContext.Current.CancellationToken);
        var piece = Encoding.ASCII.GetBytes("100000\r\n" + new string('a', 0x100000) + "\r\n");
        for (var i = 0; i < 16; i++)
        {
            await stream.WriteAsync(piece, TestContext.Current.CancellationToken);
        }

        await stream.WriteAsync("1\r\na\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("larger than the 1 MB", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "nothing")]
    [InlineData("PUT", "service/x/status")]
    [InlineData("GET", "service/x/run")]
    [InlineData("POST", "service")]
    public async Task A_call_that_does_not_exist_is_answered_404_with_its_name(string method, string path)
    {
        var answer = await host.CallAsync(new HttpMethod(method), path, "{}");

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal($"There is no call {method} /api/v1/{path}", RunnerApiHost.Json(answer.Text).GetProperty("msg").GetString());
    }

    [Theory]
    [InlineData("GET", "status", 400)]
    [InlineData("GET", "replica", 400)]
    [InlineData("GET", "info", 400)]
    [InlineData("GET", "logs", 400)]
    [InlineData("POST", "stop", 400)]
    [InlineData("PUT", "update", 400)]
    [InlineData("POST", "versions", 400)]
    [InlineData("DELETE", "purge", 400)]
    public async Task Every_call_tells_what_is_wrong_with_its_body_and_its_cluster(string method, string call, int status)
    {
        var bad = await host.CallAsync(new HttpMethod(method), $"service/x/{call}", """{"cluster_id":7}""");
        Assert.Equal((status, true), ((int)bad.Status, RunnerApiHost.Json(bad.Text).GetProperty("msg").GetString()!.StartsWith("cluster_id must be a text", StringComparison.Ordinal)));

        var unknown = await host.CallAsync(new HttpMethod(method), $"service/x/{call}", """{"cluster_id":"moon"}""");
        Assert.False((int)unknown.Status < 400);
        Assert.Contains("No cluster has the id 'moon'", RunnerApiHost.Json(unknown.Text).GetProperty("msg").GetString(), StringComparison.Ordinal);
    }

    private async Task NothingHappenedAsync(string service, string answer)
    {
        Assert.Equal(26, (await host.StatusAsync(service)).GetProperty("code").GetInt32());
        Assert.DoesNotContain(Secret, answer, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, host.Log, StringComparison.Ordinal);
    }
}
