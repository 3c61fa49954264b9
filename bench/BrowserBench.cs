using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Runner.Bench;

/// <summary>
/// From the request that changes an object until the row in a real browser shows it, beside <c>kubectl get -w</c> on the same changes
/// and beside a bare page that gets them over a bare WebSocket. All on one machine and one clock. A change counts for all
/// by its number in the reason of the service's condition.
/// </summary>
internal static partial class BrowserBench
{
    private const int Driven = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
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
    public static TimeSpan Churn { get; set; } = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await MeasureAsync(report, new(200, 400, 20, 1, TimeSpan.FromSeconds(15)), cancellationToken);
        await MeasureAsync(report, new(1000, 2000, 100, 1, TimeSpan.FromSeconds(20)), cancellationToken);
        await MeasureAsync(report, new(1000, 2000, 100, 20, TimeSpan.FromSeconds(20)), cancellationToken);
    }

    public static Task ChurnAsync(Report report, CancellationToken cancellationToken) => MeasureAsync(report, new(1000, 2000, 100, 20, Churn), cancellationToken);

    private static async Task MeasureAsync(Report report, Load load, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(load.Services, cancellationToken, load.Pods);
        await world.StartRunnerAsync(cancellationToken);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium(), Args = ["--no-sandbox"] });
        await using var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1600, Height = 1200 } });
        var page = await context.NewPageAsync();
        await SignInAsync(page, world);
        await OpenAsync(page, world);
        var before = StartBench.ResidentMegabytes(world.Runner.Id);
        // The other sessions sit at machines of their own in truth: here their pages keep still, so that painting them takes as little as may be from what is measured.
        await using var others = await browser.NewContextAsync(new() { ViewportSize = new() { Width = 800, Height = 600 }, ReducedMotion = ReducedMotion.Reduce, StorageState = await context.StorageStateAsync() });
        for (var session = 1; session < load.Sessions; session++)
        {
            await OpenAsync(await others.NewPageAsync(), world);
        }

        await using var bare = BarePage.Start(world);
        var barePage = await context.NewPageAsync();
        await barePage.GotoAsync((await World.ListeningAsync(bare, cancellationToken)).ToString());
        await barePage.Locator("body[data-live]").WaitForAsync();
        await barePage.EvaluateAsync(Observe);
        await page.EvaluateAsync(Observe);
        var names = await page.Locator("tr[data-row]").AllInnerTextsAsync();
        var visible = names.Select(text => Number().Match(text)).Where(match => match.Success).Take(Driven).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        var printed = new ConcurrentDictionary<string, double>();
        using var kubectl = Tools.Kubectl(world, "get", "services.serving.knative.dev", "-n", World.Namespace, "-w", "-o", "custom-columns=NAME:.metadata.name,REASON:.status.conditions[0].reason");
        var reading = ReadAsync(kubectl, printed);
        await Task.Delay(Patience, cancellationToken);

        var samples = new List<double>();
        var cpu = Process.GetProcessById(world.Runner.Id).TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        var changed = await ChangeAsync(world, load, visible, samples, cancellationToken);
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        cpu = Process.GetProcessById(world.Runner.Id).TotalProcessorTime - cpu;
        await Task.Delay(Patience, cancellationToken);
        var seen = await page.EvaluateAsync<Dictionary<string, double>>("() => window.seen");
        var floor = await barePage.EvaluateAsync<Dictionary<string, double>>("() => window.seen");
        kubectl.Kill();
        await reading;
        Tell(report, load, changed, new(seen, floor, printed));
        report.Add($"{load}: processor time of the program, of one core", "%", [100 * cpu.TotalSeconds / seconds]);
        report.Add($"{load}: the same, a session", "%", [100 * cpu.TotalSeconds / seconds / load.Sessions]);
        report.Add($"{load}: changes a second that were made", "", [changed.All / seconds]);
        report.Add($"{load}: resident before the other sessions", "MB", [before]);
        report.Add($"{load}: resident during the changes, every 10 s", "MB", samples);
        if (samples.Count >= 6)
        {
            report.Ratio($"{load}: resident, last third / second third", samples.Skip(samples.Count * 2 / 3).Average() / samples.Skip(samples.Count / 3).Take(samples.Count / 3).Average(), "about 1");
        }
    }

    private static void Tell(Report report, Load load, Changes changed, Arrivals arrived)
    {
        var rows = Delays(changed.Visible, arrived.Page);
        var cells = Delays(changed.Visible, arrived.BarePage);
        var lines = Delays(changed.Visible, arrived.Kubectl);
        if (rows.Count < changed.Visible.Count * 0.9 || lines.Count < changed.Visible.Count * 0.9)
        {
            report.Say($"{load}: of {changed.Visible.Count} changes the browser showed {rows.Count} and kubectl {lines.Count}; the rest were overtaken by later ones of the same row");
        }

        if (rows.Count == 0 || lines.Count == 0 || cells.Count == 0)
        {
            throw new BenchException($"{load}: the browser showed {rows.Count} changes, the bare page {cells.Count} and kubectl {lines.Count}");
        }

        report.Add($"{load}: change to row in Chromium (wanted under 100)", "ms", rows);
        report.Add("  the 99th of a hundred (wanted under 250)", "ms", [Report.Percentile(rows, 0.99)]);
        report.Add("change to cell of a bare page over a bare WebSocket", "ms", cells);
        report.Add("  the 99th of a hundred", "ms", [Report.Percentile(cells, 0.99)]);
        report.Add("change to line of kubectl get -w", "ms", lines);
        report.Add("  the 99th of a hundred", "ms", [Report.Percentile(lines, 0.99)]);
        report.Ratio("browser / kubectl, medians", Report.Median(rows) / Report.Median(lines), "at most 2");
        report.Ratio("browser / bare page, medians", Report.Median(rows) / Report.Median(cells), "to be told");
        report.Ratio("bare page / kubectl, medians", Report.Median(cells) / Report.Median(lines), "to be told");
    }

    /// <summary>One change in ten is of a row that can be seen, the others of any service; each a request of its own, sent when its time has come.</summary>
    private static async Task<Changes> ChangeAsync(World world, Load load, int[] visible, List<double> samples, CancellationToken cancellationToken)
    {
        var times = new ConcurrentDictionary<string, double>();
        var pending = new List<Task>();
        var began = TimeProvider.System.GetTimestamp();
        var all = 0;
        while (TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < load.Lasts)
        {
            for (; all < elapsed.TotalSeconds * load.ChangesASecond; all++)
            {
                var number = all.ToString("000000", CultureInfo.InvariantCulture);
                var isVisible = all % 10 == 0;
                var service = isVisible ? visible[all / 10 % visible.Length] : (all * 7919) % load.Services;
                if (isVisible || !visible.Contains(service))
                {
                    if (isVisible)
                    {
                        times[number] = Now();
                    }

                    pending.Add(world.SetReadyAsync(service, "False", $"Bench{number}", cancellationToken));
                }
            }

            pending.RemoveAll(task => task.IsCompletedSuccessfully);
            if (samples.Count <= elapsed.TotalSeconds / 10)
            {
                samples.Add(StartBench.ResidentMegabytes(world.Runner.Id));
            }

            await Task.Delay(1, cancellationToken);
        }

        await Task.WhenAll(pending);
        return new(times, all);
    }

    private static async Task OpenAsync(IPage page, World world)
    {
        await page.GotoAsync(new Uri(world.Address, "/workloads?sort=name").ToString());
        await page.Locator("[data-live=true]").WaitForAsync();
        await page.Locator("tr[data-row]").Nth(Driven).WaitForAsync();
    }

    internal static async Task SignInAsync(IPage page, World world)
    {
        await page.GotoAsync(new Uri(world.Address, "/sign-in").ToString());
        await page.FillAsync("#user", "admin");
        await page.FillAsync("#password", World.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => !url.Contains("sign-in", StringComparison.Ordinal));
    }

    private static async Task ReadAsync(Process kubectl, ConcurrentDictionary<string, double> printed)
    {
        while (await kubectl.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Marker().Match(line) is { Success: true } marker)
            {
                printed.TryAdd(marker.Groups[1].Value, Now());
            }
        }
    }

    private static List<double> Delays(IReadOnlyDictionary<string, double> changed, IReadOnlyDictionary<string, double> arrived) =>
        [.. changed.Where(change => arrived.ContainsKey(change.Key)).Select(change => arrived[change.Key] - change.Value)];

    private static double Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;

    internal static string Chromium() =>
        Browsers.FirstOrDefault(File.Exists) ?? throw new BenchException("no Chromium is installed in /usr/bin");

    [GeneratedRegex(@"bench-(\d{4})")]
    private static partial Regex Number();

    [GeneratedRegex(@"Bench(\d{6})")]
    private static partial Regex Marker();

    private sealed record Load(int Services, int Pods, int ChangesASecond, int Sessions, TimeSpan Lasts)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Services} workloads, {Pods} pods, {ChangesASecond}/s, {Sessions} open");
    }

    /// <summary>When each change was first seen, by its number.</summary>
    private sealed record Arrivals(IReadOnlyDictionary<string, double> Page, IReadOnlyDictionary<string, double> BarePage, IReadOnlyDictionary<string, double> Kubectl);

    /// <param name="Visible">When each change of a row that can be seen was sent, by its number.</param>
    private sealed record Changes(IReadOnlyDictionary<string, double> Visible, int All);
}
