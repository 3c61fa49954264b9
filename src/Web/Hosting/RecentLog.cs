using System.Globalization;
using Runner.Engine.Diagnostics;

namespace Runner.Web.Hosting;

/// <summary>The last lines of the program's own log, for the support bundle. Holds no more than <see cref="Capacity"/> lines, each cut where it is long; what the settings hold in secret is not kept.</summary>
internal sealed class RecentLog(IReadOnlyList<string> secrets, TimeProvider time) : ILoggerProvider
{
    public const int Capacity = 2000;

    private const int LongestLine = 2000;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new(Capacity);

    /// <summary>What is kept, the oldest first.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
        // Nothing to let go of.
    }

    private void Add(string line)
    {
        var safe = Redaction.Hide(line, secrets).ReplaceLineEndings("\\n");
        lock (_lock)
        {
            while (_lines.Count >= Capacity)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(safe.Length <= LongestLine ? safe : safe[..LongestLine] + "…");
        }
    }

    private sealed class Writer(RecentLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var moment = log.Now();
            log.Add($"{moment} {logLevel} {category}: {formatter(state, exception)}{(exception is null ? "" : $" | {exception}")}");
        }
    }

    private string Now() => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
