using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host;

/// <summary>The real program under load as it is told to end, as Kubernetes ends a pod: whoever asks until he could learn of it is answered.</summary>
public sealed partial class DrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private volatile bool _enough;
    private int _answered;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Requests_are_answered_for_a_while_after_it_says_that_it_is_not_ready_and_then_it_ends()
    {
        await using var runner = ChildProcess.Start(new Dictionary<string, string>
        {
            ["RUNNER_DATA_DIR"] = _folder.Path,
            ["RUNNER_CLUSTER"] = "embedded",
            ["RUNNER_DRAIN_SECONDS"] = "8",
            ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0",
        });
        await Eventually.TrueAsync(() => Listening().IsMatch(runner.Output), () => $"it listens: {runner.Output}", 60);
        var address = new Uri(Listening().Match(runner.Output).Groups[1].Value);
        using var observer = new HttpClient { BaseAddress = address };
        await Eventually.TrueAsync(async () => await StatusAsync(observer) == HttpStatusCode.OK, () => $"it is ready: {runner.Output}", 60);

        var askers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => AskAsync(address), Cancel)).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref _answered) > 50, "requests are answered");
        using (var kill = Process.Start("kill", ["-TERM", runner.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(Cancel);
        }

        await Eventually.TrueAsync(async () => await StatusAsync(observer) == HttpStatusCode.ServiceUnavailable, () => $"it says that it is not ready: {runner.Output}");
        var then = Volatile.Read(ref _answered);
        await Eventually.TrueAsync(() => Volatile.Read(ref _answered) > then + 50 || askers.Exists(asker => asker.IsFaulted), "requests are still answered");
        _enough = true;
        await Task.WhenAll(askers);

        await runner.EndAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal(0, runner.ExitCode);
        Assert.Contains("answering for another 8 s", runner.Output, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/readyz", Cancel);
        return answer.StatusCode;
    }

    /// <summary>Keeps its connection as long as it may, and throws where it is not answered.</summary>
    private async Task AskAsync(Uri address)
    {
        using var client = new HttpClient { BaseAddress = address };
        while (!_enough)
        {
            foreach (var path in new[] { "/healthz", "/sign-in" })
            {
                using var answer = await client.GetAsync(path, Cancel);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Interlocked.Increment(ref _answered);
            }
        }
    }

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex Listening();
}
