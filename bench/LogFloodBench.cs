using System.Globalization;
using Microsoft.Playwright;

namespace Runner.Bench;

/// <summary>
/// A flood of lines into the log page of a real Chromium, beside <c>kubectl logs -f</c> on the same lines: when the last line is there, whether the
/// browser went on drawing, and what it cost in memory.
/// </summary>
internal static class LogFloodBench
{
    private const int Lines = 100_000;

    /// <summary>Written at once. The embedded cluster keeps 20,000 lines, so that whoever follows must not fall behind by more.</summary>
    private const int Burst = 1_000;

    private const int Rounds = 3;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Notes the longest time between two frames, and when the last line of a round is in the page.</summary>
    private const string Observe = """
        () => {
          window.flood = { last: 0, gaps: [], wanted: '' };
          let before = performance.now();
          const frame = now => {
            window.flood.gaps.push(now - before);
            before = now;
            if (!window.flood.last && window.flood.wanted && document.querySelector('.log-view')?.textContent.includes(window.flood.wanted)) {
              window.flood.last = performance.timeOrigin + performance.now();
            }
            requestAnimationFrame(frame);
          };
          requestAnimationFrame(frame);
        }
        """;

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(services: 1, cancellationToken);
        var uid = await LogBench.CreatePodAsync(world, cancellationToken);
        world.Cluster.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), "begin");
        await world.StartRunnerAsync(cancellationToken);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = BrowserBench.Chromium(), Args = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1600, Height = 1200 } });
        await BrowserBench.SignInAsync(page, world);
        await page.GotoAsync(new Uri(world.Address, "/logs?labels=serving.knative.dev/service").ToString());
        await page.Locator(".log-line", new() { HasText = "begin" }).WaitForAsync();
        await page.EvaluateAsync(Observe);
        var heapBefore = await HeapAsync(page);
        var keptBefore = await ProgramState.CollectAsync(world, cancellationToken);
        var serverBefore = ProgramState.Of(world).Megabytes;

        List<double> shown = [], printed = [], longest = [], slow = [];
        for (var round = 0; round < Rounds; round++)
        {
            var last = $"round {round} line {Lines - 1}.";
            await page.EvaluateAsync("wanted => { window.flood.wanted = wanted; window.flood.last = 0; window.flood.gaps = []; }", last);
            using var kubectl = Tools.Kubectl(world, "logs", "-n", World.Namespace, "-f", "--tail=1", LogBench.Pod, "-c", "user-container");
            await kubectl.StandardOutput.ReadLineAsync(cancellationToken);
            var reading = LastAsync(kubectl.StandardOutput, last, cancellationToken);
            var begin = Now();
            await FloodAsync(world, uid, round, cancellationToken);
            var end = Now();
            printed.Add(await reading - end);
            await page.WaitForFunctionAsync("() => window.flood.last > 0", null, new() { Timeout = 60_000 });
            shown.Add(await page.EvaluateAsync<double>("() => window.flood.last") - end);
            var gaps = await page.EvaluateAsync<double[]>("() => window.flood.gaps");
            longest.Add(gaps.Max());
            slow.Add(Report.Percentile(gaps, 0.99));
            kubectl.Kill();
            report.Say(string.Create(CultureInfo.InvariantCulture, $"round {round}: {Lines} lines written in {(end - begin) / 1000:0.0} s"));
        }

        report.Add("last line written to last line in Chromium", "ms", shown);
        report.Add("last line written to last line of kubectl logs -f", "ms", printed);
        report.Add("longest time between two frames meanwhile", "ms", longest);
        report.Add("  the 99th of a hundred frames", "ms", slow);
        report.Add("JavaScript heap before the floods", "MB", [heapBefore]);
        report.Add($"JavaScript heap after {Rounds} floods", "MB", [await HeapAsync(page)]);
        report.Add("program resident before the floods", "MB", [serverBefore]);
        report.Add($"program resident after {Rounds} floods", "MB", [ProgramState.Of(world).Megabytes]);
        report.Add("heap of the program before the floods, after a forced collection", "MB", [keptBefore]);
        report.Add($"heap of the program after {Rounds} floods and a forced collection", "MB", [await ProgramState.CollectAsync(world, cancellationToken)]);
        await Task.Delay(Rest, cancellationToken);
        report.Add($"program resident {Rest.TotalSeconds} s after that", "MB", [ProgramState.Of(world).Megabytes]);
        report.Say($"the foot of the page says: {(await page.Locator(".log-foot").InnerTextAsync()).ReplaceLineEndings(" ")}");
        await page.GotoAsync(new Uri(world.Address, "/hub").ToString());
        await page.Locator("[data-live=true]").WaitForAsync();
        report.Add("heap of the program after another page was opened instead", "MB", [await ProgramState.CollectAsync(world, cancellationToken)]);
    }

    private static async Task FloodAsync(World world, string uid, int round, CancellationToken cancellationToken)
    {
        for (var line = 0; line < Lines; line++)
        {
            world.Cluster.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"round {round} line {line}. POST /v1/chat/completions HTTP/1.1 200 in 183 ms, 512 tokens in, 128 tokens out");
            if (line % Burst == Burst - 1)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    private static async Task<double> LastAsync(StreamReader lines, string last, CancellationToken cancellationToken)
    {
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(last, StringComparison.Ordinal))
            {
                return Now();
            }
        }

        throw new BenchException("kubectl logs -f ended before the last line");
    }

    private static async Task<double> HeapAsync(IPage page) => await page.EvaluateAsync<double>("() => { window.gc?.(); return performance.memory.usedJSHeapSize; }") / 1e6;

    private static double Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;
}
