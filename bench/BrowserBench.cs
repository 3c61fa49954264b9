using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Cookie = System.Net.Cookie;

namespace Runner.Bench;

/// <summary>
/// From the request that changes an object until the row in a real browser shows it, beside <c>kubectl get -w</c> on the same changes
/// and beside a bare page that gets them over a bare WebSocket. All on one machine and one clock. A change counts for all
/// by its number in the reason of the service's condition. The sessions beyond the first are pages without a screen: in truth they sit at machines of their own.
/// </summary>
internal static partial class BrowserBench
{
    private const int Driven = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What runs for the first time is compiled in these first seconds: they are in the figures, and left out of one that says so.</summary>
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Sampled = TimeSpan.FromSeconds(10);
    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>Notes when each number is first seen in the table's text.</summary>
    private const string Observe = """
        () => {
          window.seen = {};
          const look = () => {
            const now = performance.timeOrigin + performance.now();
            for (const m of document.querySelector('[data-grid]').textContent.matchAll(/Bench(\d{6})/g)) { window.seen[m[1]] ??= now; }
          };
          new MutationObserver(look).observe(document.querySelector('[data-grid]'), { subtree: true, childList: true, characterData: true });
        }
        """;

    /// <summary>How long the churn lasts.</summary>
    public static TimeSpan Churn { get; set; } = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await MeasureAsync(report, new(200, 400, 20, 1, TimeSpan.FromSeconds(20)), cancellationToken);
        await MeasureAsync(report, new(1000, 2000, 100, 1, TimeSpan.FromSeconds(30)), cancellationToken);
        await MeasureAsync(report, new(1000, 2000, 100, 20, TimeSpan.FromSeconds(60)), cancellationToken);
    }

    public static Task ChurnAsync(Report report, CancellationToken cancellationToken) => MeasureAsync(report, new(1000, 2000, 100, 20, Churn), cancellationToken);

    private static async Task MeasureAsync(Report report, BrowserLoad load, CancellationToken cancellationToken)
    {
        await using var hub = await TakingHub.StartAsync(cancellationToken);
        await using var world = await World.StartAsync(load.Services, cancellationToken, load.Pods);
        hub.ServeTo(world);
        await world.StartRunnerAsync(cancellationToken);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium(), Args = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"] });
        await using var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1600, Height = 1200 } });
        var page = await context.NewPageAsync();
        await SignInAsync(page, world);
        var address = new Uri(world.Address, "/workloads?sort=name");
        await page.GotoAsync(address.ToString());
        await page.Locator("[data-live=true]").WaitForAsync();
        await page.Locator("tr[data-row]").Nth(Driven).WaitForAsync();

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var bare = BarePage.Start(world);
        var bareAddress = await World.ListeningAsync(bare, cancellationToken);
        var barePage = await context.NewPageAsync();
        await barePage.GotoAsync(bareAddress.ToString());
        await barePage.Locator("body[data-live]").WaitForAsync();
        await barePage.EvaluateAsync(Observe);
        await page.EvaluateAsync(Observe);
        var listening = Enumerable.Range(1, load.Sessions - 1).Select(_ => BarePage.ListenAsync(bareAddress, end.Token)).ToList();

        await using var others = new OtherSessions();
        await others.OpenAsync(report, load, world, address, await CookiesAsync(context), await page.EvaluateAsync<double>(OtherSessions.Height), cancellationToken);

        var printed = new ConcurrentDictionary<string, double>();
        using var kubectl = Tools.Kubectl(world, "get", "services.serving.knative.dev", "-n", World.Namespace, "-w", "-o", "custom-columns=NAME:.metadata.name,REASON:.status.conditions[0].reason");
        var reading = ReadAsync(kubectl, printed);
        await Task.Delay(Patience, cancellationToken);

        var samples = new Samples();
        var changes = new BrowserChanges(world, load);
        var cpu = Process.GetProcessById(world.Runner.Id).TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        await changes.MakeAsync(await VisibleAsync(page), elapsed => samples.TakeAsync(elapsed, Sampled, world, page), cancellationToken);
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        cpu = Process.GetProcessById(world.Runner.Id).TotalProcessorTime - cpu;
        await Task.Delay(Patience, cancellationToken);
        var seen = await page.EvaluateAsync<Dictionary<string, double>>("() => window.seen");
        var floor = await barePage.EvaluateAsync<Dictionary<string, double>>("() => window.seen");
        kubectl.Kill();
        await reading;
        await end.CancelAsync();
        await Task.WhenAll(listening);

        Tell(report, load, changes, new(seen, floor, printed));
        foreach (var slow in changes.Slowest(5, ("Chromium", seen), ("without a screen", others.FirstSeen), ("bare page", floor), ("kubectl", printed)))
        {
            report.Say(slow);
        }

        others.Tell(report, changes, seconds);
        report.Add($"{load}: processor time of the program, of one core", "%", [100 * cpu.TotalSeconds / seconds]);
        report.Add($"{load}: the same, a session", "%", [100 * cpu.TotalSeconds / seconds / load.Sessions]);
        report.Add($"{load}: changes a second that were made", "", [changes.Made / seconds]);
        samples.Tell(report, load);
        report.Say($"{load}: {hub.Events} events were taken by the hub");
        report.Add($"{load}: heap after a forced collection", "MB", [await ProgramState.CollectAsync(world, cancellationToken)]);
    }

    private static void Tell(Report report, BrowserLoad load, BrowserChanges changed, Arrivals arrived)
    {
        var rows = changed.Delays(arrived.Page);
        var cells = changed.Delays(arrived.BarePage);
        var lines = changed.Delays(arrived.Kubectl);
        if (rows.Count < changed.OfVisible * 0.98 || lines.Count < changed.OfVisible * 0.98)
        {
            report.Say($"{load}: of {changed.OfVisible} changes the browser showed {rows.Count} and kubectl {lines.Count}; the rest were overtaken by later ones of the same row");
        }

        if (rows.Count == 0 || lines.Count == 0 || cells.Count == 0)
        {
            throw new BenchException($"{load}: the browser showed {rows.Count} changes, the bare page {cells.Count} and kubectl {lines.Count}");
        }

        report.Add($"{load}: change to row in Chromium (wanted under 100)", "ms", rows);
        report.Add($"{load}:   the 99th of a hundred (wanted under 250)", "ms", [Report.Percentile(rows, 0.99)]);
        report.Add($"{load}:   the same without the first {Warm.TotalSeconds} s", "ms", [Report.Percentile(changed.Delays(arrived.Page, Warm), 0.99)]);
        report.Add($"{load}: change to cell of a bare page over a bare WebSocket", "ms", cells);
        report.Add($"{load}:   the 99th of a hundred", "ms", [Report.Percentile(cells, 0.99)]);
        report.Add($"{load}: change to line of kubectl get -w", "ms", lines);
        report.Add($"{load}:   the 99th of a hundred", "ms", [Report.Percentile(lines, 0.99)]);
        report.Ratio($"{load}: browser / kubectl, medians", Report.Median(rows) / Report.Median(lines), "at most 2");
        report.Ratio($"{load}: browser / bare page, medians", Report.Median(rows) / Report.Median(cells), "to be told");
        report.Ratio($"{load}: bare page / kubectl, medians", Report.Median(cells) / Report.Median(lines), "to be told");
    }

    private static async Task<int[]> VisibleAsync(IPage page)
    {
        var names = await page.Locator("tr[data-row]").AllInnerTextsAsync();
        return [.. names.Select(text => Number().Match(text)).Where(match => match.Success).Take(Driven).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))];
    }

    internal static async Task SignInAsync(IPage page, World world)
    {
        await page.GotoAsync(new Uri(world.Address, "/sign-in").ToString());
        await page.FillAsync("#user", "admin");
        await page.FillAsync("#password", World.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => !url.Contains("sign-in", StringComparison.Ordinal));
    }

    internal static async Task<IReadOnlyList<Cookie>> CookiesAsync(IBrowserContext context) =>
        [.. (await context.CookiesAsync()).Select(cookie => new Cookie(cookie.Name, cookie.Value, "/"))];

    private static async Task ReadAsync(Process kubectl, ConcurrentDictionary<string, double> printed)
    {
        while (await kubectl.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Marker().Match(line) is { Success: true } marker)
            {
                printed.TryAdd(marker.Groups[1].Value, BrowserChanges.Now());
            }
        }
    }

    internal static string Chromium() =>
        Browsers.FirstOrDefault(File.Exists) ?? throw new BenchException("no Chromium is installed in /usr/bin");

    [GeneratedRegex(@"bench-(\d{4})")]
    private static partial Regex Number();

    [GeneratedRegex(@"Bench(\d{6})")]
    private static partial Regex Marker();

    /// <summary>When each change was first seen, by its number.</summary>
    private sealed record Arrivals(IReadOnlyDictionary<string, double> Page, IReadOnlyDictionary<string, double> BarePage, IReadOnlyDictionary<string, double> Kubectl);

    /// <summary>What the program and the browser held while the changes were made.</summary>
    private sealed class Samples
    {
        private readonly List<ProgramState> _program = [];
        private readonly List<double> _scripts = [];

        public async Task TakeAsync(TimeSpan elapsed, TimeSpan every, World world, IPage page)
        {
            if (_program.Count > elapsed / every)
            {
                return;
            }

            _program.Add(ProgramState.Of(world));

            // Once a minute: the browser stands still meanwhile.
            if (_program.Count % 6 == 1)
            {
                _scripts.Add(await page.EvaluateAsync<double>("() => { window.gc?.(); return performance.memory.usedJSHeapSize; }") / 1e6);
            }
        }

        public void Tell(Report report, BrowserLoad load)
        {
            report.Add($"{load}: JavaScript heap after a collection, every minute", "MB", _scripts);
            foreach (var (what, unit, of) in new (string, string, Func<ProgramState, double>)[]
            {
                ("resident", "MB", state => state.Megabytes), ("threads", "", state => state.Threads), ("handles", "", state => state.Handles),
            })
            {
                var values = _program.ConvertAll(state => of(state));
                report.Add($"{load}: {what} during the changes, every 10 s", unit, values);
                if (values.Count >= 6)
                {
                    report.Ratio($"{load}: {what}, last third / second third", values.Skip(values.Count * 2 / 3).Average() / values.Skip(values.Count / 3).Take(values.Count / 3).Average(), "about 1");
                }
            }
        }
    }
}
