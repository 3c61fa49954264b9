using Runner.Engine.Logs.Collector;
using Runner.Engine;

namespace Runner.Web.Components.Models.Logs;

/// <summary>A search in the history of one workload's logs, and what it found.</summary>
internal sealed class LogHistoryModel(LokiQuery loki, TimeProvider time) : IDisposable
{
    private CancellationTokenSource? _running;

    /// <summary>Ranges to choose from, in hours up to now.</summary>
    public static IReadOnlyList<int> Ranges { get; } = [1, 24, 168, 720];

    /// <summary>Most lines that are kept on the page; older ones than that take the place of the newest.</summary>
    public const int MostShown = 2000;

    public bool Available => loki.Available;

    public bool Searching => _running is not null;

    public IReadOnlyList<HistoryLine> Lines { get; private set; } = [];

    /// <summary>There may be older lines.</summary>
    public bool More { get; private set; }

    /// <summary>A search has ended.</summary>
    public bool Searched { get; private set; }

    /// <summary>Why Loki cannot be asked; empty when it can.</summary>
    public LocalText Problem { get; private set; } = LocalText.None;

    private LogSearch? _search;

    /// <summary>The last lines of the range; ends a search that is under way.</summary>
    public Task SearchAsync(string @namespace, string service, string text, int hours)
    {
        var now = time.GetUtcNow();
        Lines = [];
        return RunAsync(new(@namespace, service, "", text, now - TimeSpan.FromHours(hours), now + TimeSpan.FromMinutes(1)));
    }

    /// <summary>Lines before those that are shown, and those of the very same moment as the first of them that are not.</summary>
    public async Task OlderAsync()
    {
        if (_search is not { } search || Lines.Count == 0)
        {
            return;
        }

        var known = Lines.Count;
        await RunAsync(search with { Before = Lines[0].Nanoseconds + 1 });
        if (Lines.Count == known && More && Problem.Length == 0)
        {
            // More lines of one moment than a page has: those that are shown have to stand for them.
            await RunAsync(search with { Before = Lines[0].Nanoseconds });
        }
    }

    public void Dispose() => _running?.Cancel();

    private async Task RunAsync(LogSearch search)
    {
        _running?.Cancel();
        using var running = _running = new CancellationTokenSource();
        try
        {
            var page = await loki.SearchAsync(search, running.Token);
            (_search, Problem, More) = (search, LocalText.None, page.More);
            Lines = [.. page.Lines.Except(Lines).Concat(Lines).Take(MostShown)];
        }
        catch (LokiUnavailableException unavailable)
        {
            Problem = unavailable.Problem;
        }
        catch (OperationCanceledException) when (running.IsCancellationRequested)
        {
            return;
        }

        Searched = true;
        _running = null;
    }
}
