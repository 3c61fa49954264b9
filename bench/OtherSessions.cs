using System.Net;

namespace Runner.Bench;

/// <summary>The open pages beside the one in Chromium: what they cost the program, and when changes reach them.</summary>
internal sealed class OtherSessions : IAsyncDisposable
{
    /// <summary>Gives the height of the list as the browser's observer of the spacers counts it, with its margin of 50 pixels on either side.</summary>
    public const string Height = "() => document.querySelector('[data-grid]').clientHeight + 100";

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private readonly List<PageSession> _sessions = [];

    /// <summary>When each change was in a picture of the first of them.</summary>
    public IReadOnlyDictionary<string, double> FirstSeen => _sessions.FirstOrDefault()?.Seen ?? [];

    public async Task OpenAsync(Report report, BrowserLoad load, World world, Uri page, IReadOnlyList<Cookie> cookies, double height, CancellationToken cancellationToken)
    {
        if (load.Sessions == 1)
        {
            return;
        }

        var heap = await ProgramState.CollectAsync(world, cancellationToken);
        var resident = ProgramState.Of(world).Megabytes;
        for (var session = 1; session < load.Sessions; session++)
        {
            _sessions.Add(await PageSession.OpenAsync(page, cookies, height, cancellationToken));
        }

        await Task.Delay(Settling, cancellationToken);
        report.Add($"{load}: heap of a session, after forced collections", "MB", [(await ProgramState.CollectAsync(world, cancellationToken) - heap) / _sessions.Count]);
        report.Add($"{load}: resident of a session, before any change", "MB", [(ProgramState.Of(world).Megabytes - resident) / _sessions.Count]);
    }

    public void Tell(Report report, BrowserChanges changes, double seconds)
    {
        if (_sessions.Count == 0)
        {
            return;
        }

        if (_sessions.Find(session => session.Fault is not null) is { } faulty)
        {
            throw new BenchException($"a page without a screen ended: {faulty.Fault}");
        }

        var delays = _sessions.SelectMany(session => changes.Delays(session.Seen)).ToList();
        report.Add("change to picture of a page without a screen", "ms", delays);
        report.Add("  the 99th of a hundred", "ms", [Report.Percentile(delays, 0.99)]);
        report.Add("  share of the changes that each of them got", "%", [.. _sessions.Select(session => 100.0 * changes.Delays(session.Seen).Count / changes.OfVisible)]);
        report.Add("  pictures a second", "", [.. _sessions.Select(session => session.Batches / seconds)]);
        report.Add("  kilobytes a second", "KB", [.. _sessions.Select(session => session.Bytes / seconds / 1000)]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in _sessions)
        {
            await session.DisposeAsync();
        }
    }
}
