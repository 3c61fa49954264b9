using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Runner.Bench;

/// <summary>
/// From the request that changes an object until the row in a real browser shows it, beside <c>kubectl get -w</c> on the same changes.
/// All on one machine and one clock. A change counts for both when it carries its number in the reason of the service's condition.
/// </summary>
internal static partial class BrowserBench
{
    private const int Services = 200;
    private const int Changes = 300;
    private const int Driven = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>Notes when each number is first seen in the table's text.</summary>
    private const string Observe = """
        () => {
          window.seen = {};
          const look = () => {
            const now = performance.timeOrigin + performance.now();
            for (const m of document.querySelector('[data-grid]').textContent.matchAll(/Bench(\d{5})/g)) { window.seen[m[1]] ??= now; }
          };
          new MutationObserver(look).observe(document.querySelector('[data-grid]'), { subtree: true, childList: true, characterData: true });
        }
        """;

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        await using var world = await World.StartAsync(Services, cancellationToken);
        await world.StartRunnerAsync(cancellationToken);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium(), Args = ["--no-sandbox"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1600, Height = 1200 } });
        await SignInAsync(page, world);
        await page.GotoAsync(new Uri(world.Address, "/workloads?sort=name").ToString());
        await page.Locator("tr[data-row]").Nth(Driven).WaitForAsync();
        await page.EvaluateAsync(Observe);
        var names = await page.Locator("tr[data-row]").AllInnerTextsAsync();
        var visible = names.Select(text => Number().Match(text)).Where(match => match.Success).Take(Driven).Select(match => int.Parse(match.Groups[1].Value, null)).ToArray();

        var printed = new ConcurrentDictionary<string, double>();
        using var kubectl = Tools.Kubectl(world, "get", "services.serving.knative.dev", "-n", World.Namespace, "-w", "-o", "custom-columns=NAME:.metadata.name,REASON:.status.conditions[0].reason");
        var reading = ReadAsync(kubectl, printed);
        await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);

        var changed = new Dictionary<string, double>();
        for (var change = 0; change < Changes; change++)
        {
            var number = $"{change:00000}";
            changed[number] = Now();
            await world.SetReadyAsync(visible[change % visible.Length], "False", $"Bench{number}", cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }

        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        var seen = await page.EvaluateAsync<Dictionary<string, double>>("() => window.seen");
        kubectl.Kill();
        await reading;

        var rows = Delays(changed, seen);
        var lines = Delays(changed, printed);
        if (rows.Count < Changes * 0.9 || lines.Count < Changes * 0.9)
        {
            throw new BenchException($"of {Changes} changes the browser showed {rows.Count} and kubectl {lines.Count}");
        }

        report.Add($"change to row in Chromium, {Services} workloads (wanted under 100)", "ms", rows);
        report.Add("  the 99th of a hundred (wanted under 250)", "ms", [Report.Percentile(rows, 0.99)]);
        report.Add("change to line of kubectl get -w", "ms", lines);
        report.Add("  the 99th of a hundred", "ms", [Report.Percentile(lines, 0.99)]);
        report.Ratio("browser / kubectl, medians", Report.Median(rows) / Report.Median(lines), "at most 2");
        report.Say($"of {Changes} changes, one every {Pause.TotalMilliseconds:0} ms, the browser showed {rows.Count} and kubectl {lines.Count}");
    }

    internal static async Task SignInAsync(IPage page, World world)
    {
        await page.GotoAsync(new Uri(world.Address, "/sign-in").ToString());
        await page.FillAsync("#user", "admin");
        await page.FillAsync("#password", World.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => !url.Contains("sign-in", StringComparison.Ordinal));
    }

    private static async Task ReadAsync(System.Diagnostics.Process kubectl, ConcurrentDictionary<string, double> printed)
    {
        while (await kubectl.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Marker().Match(line) is { Success: true } marker)
            {
                printed.TryAdd(marker.Groups[1].Value, Now());
            }
        }
    }

    private static List<double> Delays(Dictionary<string, double> changed, IReadOnlyDictionary<string, double> arrived) =>
        [.. changed.Where(change => arrived.ContainsKey(change.Key)).Select(change => arrived[change.Key] - change.Value)];

    private static double Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;

    internal static string Chromium() =>
        Browsers.FirstOrDefault(File.Exists) ?? throw new BenchException("no Chromium is installed in /usr/bin");

    [GeneratedRegex(@"bench-(\d{3})")]
    private static partial Regex Number();

    [GeneratedRegex(@"Bench(\d{5})")]
    private static partial Regex Marker();
}
