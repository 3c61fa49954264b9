using System.Text;

namespace Runner.Tests.Engine.RunnerApi.Contract;

/// <summary>Plays calls of the contract against a running program.</summary>
internal sealed class ContractPlayer(RunnerApiHost host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private string _pod = "";

    /// <summary>All happy calls about a sample, in their order.</summary>
    public async Task PlaySampleAsync(string sample)
    {
        if (sample == "run-multihost")
        {
            // What is there from the start has some of the accelerators that the hosts need whole.
            foreach (var service in host.Cluster.Store.List("serving.knative.dev", "services", "spaces"))
            {
                await host.CallAsync(HttpMethod.Post, $"service/{service.Key.Name}/stop", "{}");
            }
        }

        foreach (var call in HappyCalls.All[sample])
        {
            for (var time = 1; time <= call.Times; time++)
            {
                await PlayAsync(call);
            }
        }
    }

    /// <summary>Makes one call, again and again where the cluster needs time, and fails with the difference where the answer is another.</summary>
    public async Task PlayAsync(ContractCall call)
    {
        var problem = await ProblemOfAsync(call);
        if (call.Waits)
        {
            await Eventually.TrueAsync(async () => problem is null || (problem = await ProblemOfAsync(call)) is null, () => $"{call}: {problem}", Patience.TotalSeconds);
        }

        Assert.True(problem is null, $"{call}: {problem}");
    }

    /// <returns>How the answer differs from what it must be; null when it does not.</returns>
    private async Task<string?> ProblemOfAsync(ContractCall call)
    {
        var path = call.Path.Replace("{pod}", _pod, StringComparison.Ordinal).Replace("{cluster}", ClusterId(), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(call.Method, path) { Content = call.Body is null ? null : new StringContent(call.Body, Encoding.UTF8, "application/json") };
        using var answer = await host.Hub.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (call.Answer is null)
        {
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            var line = await lines.ReadLineAsync(TestContext.Current.CancellationToken);
            return (int)answer.StatusCode == call.Status && answer.Content.Headers.ContentType?.MediaType == "text/plain" && line is { Length: > 0 } ? null : $"{(int)answer.StatusCode} {line}";
        }

        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var difference = (int)answer.StatusCode != call.Status ? $"the status is {(int)answer.StatusCode}"
            : answer.Content.Headers.ContentType?.MediaType != "application/json" ? $"the answer is {answer.Content.Headers.ContentType}"
            : Shape.Difference(call.Answer, text);
        if (difference is not null)
        {
            return $"{difference} in {text}";
        }

        _pod = RunnerApiHost.Json(text) is { ValueKind: System.Text.Json.JsonValueKind.Object } json && json.TryGetProperty("instance", out var instances) && instances.GetArrayLength() > 0
            ? instances[0].GetProperty("name").GetString()!
            : _pod;
        return null;
    }

    private string ClusterId() => host.Cluster.Store.List("", "namespaces").Single(stored => stored.Key.Name == "spaces").Json["metadata"]!["uid"]!.GetValue<string>();
}
