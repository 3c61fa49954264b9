namespace Runner.Web.Components.Models;

/// <summary>Reads again at an interval while a page is watched, and knows how long ago the last reading was.</summary>
internal sealed class PeriodicReading(TimeProvider time, TimeSpan interval) : IDisposable
{
    private ITimer? _timer;
    private long _readAt;

    /// <summary>Reads again until disposed, and tells of it. A second call does nothing.</summary>
    public void Watch(Action read, Func<Task> changed) => _timer ??= time.CreateTimer(
        _ =>
        {
            read();
            _ = changed();
        },
        null,
        interval,
        interval);

    /// <summary>The time since the last call; zero at the first one.</summary>
    public TimeSpan SinceLast()
    {
        var elapsed = _readAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(_readAt);
        _readAt = time.GetTimestamp();
        return elapsed;
    }

    public void Dispose() => _timer?.Dispose();
}
