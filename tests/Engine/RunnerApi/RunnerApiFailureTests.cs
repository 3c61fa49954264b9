using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Runner.Tests.Engine.Host;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>A cluster that does not answer: nothing is claimed that nobody knows.</summary>
public sealed class RunnerApiFailureTests
{
    [Theory]
    [InlineData("GET", "status", "is not known yet")]
    [InlineData("GET", "replica", "is not known yet")]
    [InlineData("POST", "run", "was not created")]
    [InlineData("PUT", "update", "was not updated")]
    [InlineData("POST", "versions", "was not deployed")]
    [InlineData("GET", "versions", "is not known yet")]
    [InlineData("PUT", "versions/traffic", "keeps its traffic")]
    [InlineData("DELETE", "versions/abc", "keeps version abc")]
    [InlineData("POST", "stop", "was not deleted")]
    [InlineData("DELETE", "purge", "was not deleted")]
    public async Task While_the_cluster_does_not_answer_calls_fail_with_the_reason_and_no_service_is_called_deleted(string method, string call, string reason)
    {
        await using var host = await RunnerHost.StartAsync();
        using var hub = host.Program();
        hub.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunnerHost.HubToken);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1/service/web/{call}")
        {
            Content = new StringContent(BodyOf(call), Encoding.UTF8, "application/json"),
        };

        using var answer = await hub.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var message = RunnerApiHost.Json(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("msg").GetString();
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("nowhere", message, StringComparison.Ordinal);
    }

    private static string BodyOf(string call) => call switch
    {
        "run" => RunnerApiHost.Sample("run-space"),
        "update" => """{"image_id":"a/b"}""",
        "versions/traffic" => """[{"commit":"a","traffic_percent":100}]""",
        _ => "{}",
    };
}
