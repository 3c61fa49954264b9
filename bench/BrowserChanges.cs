using System.Collections.Concurrent;
using System.Globalization;

namespace Runner.Bench;

/// <summary>How much changes, how fast and for how long.</summary>
/// <param name="Sessions">Pages that are open: one in a real Chromium, the others without a screen.</param>
internal sealed record BrowserLoad(int Services, int Pods, int ChangesASecond, int Sessions, TimeSpan Lasts)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Services} workloads, {Pods} pods, {ChangesASecond}/s, {Sessions} open");
}

/// <summary>The changes of one measurement, each with a number of its own in the reason of the service's condition.</summary>
internal sealed class BrowserChanges(World world, BrowserLoad load)
{
    private readonly ConcurrentDictionary<string, double> _sent = new();

    /// <summary>How many were made.</summary>
    public int Made { get; private set; }

    /// <summary>How many of them are of rows that can be seen.</summary>
    public int OfVisible => _sent.Count;

    /// <summary>One change in ten is of a row that can be seen, the others of any service; each a request of its own, sent when its time has come.</summary>
    /// <param name="visible">Numbers of the services whose rows can be seen.</param>
    /// <param name="meanwhile">Called all the time, with the time that has passed.</param>
    public async Task MakeAsync(int[] visible, Func<TimeSpan, Task> meanwhile, CancellationToken cancellationToken)
    {
        var pending = new List<Task>();
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < load.Lasts)
        {
            for (; Made < elapsed.TotalSeconds * load.ChangesASecond; Made++)
            {
                var number = Made.ToString("000000", CultureInfo.InvariantCulture);
                var isVisible = Made % 10 == 0;
                var service = isVisible ? visible[Made / 10 % visible.Length] : (Made * 7919) % load.Services;
                if (isVisible || !visible.Contains(service))
                {
                    if (isVisible)
                    {
                        _sent[number] = Now();
                    }

                    // The address too, because the reason of a service with pods is theirs: each change is one of the workload and news for the hub.
                    pending.Add(world.SetReadyAsync(service, "False", $"Bench{number}", cancellationToken, $"bench-{number}"));
                }
            }

            pending.RemoveAll(task => task.IsCompletedSuccessfully);
            await meanwhile(elapsed);
            await Task.Delay(1, cancellationToken);
        }

        await Task.WhenAll(pending);
    }

    /// <summary>How long each change of a row that can be seen took until it arrived somewhere, in the order in which they were sent; those that never did are left out.</summary>
    /// <param name="after">Only of those that were sent so long after the first.</param>
    public List<double> Delays(IReadOnlyDictionary<string, double> arrived, TimeSpan after = default)
    {
        var from = _sent.Values.Min() + after.TotalMilliseconds;
        return [.. _sent.OrderBy(change => change.Key, StringComparer.Ordinal).Where(change => change.Value >= from && arrived.ContainsKey(change.Key)).Select(change => arrived[change.Key] - change.Value)];
    }

    /// <summary>When the slowest changes were sent and when they arrived in each place, to see where they waited.</summary>
    /// <param name="places">Names of places and when each change arrived there; the first one is what it is measured by.</param>
    public IEnumerable<string> Slowest(int count, params (string Name, IReadOnlyDictionary<string, double> Arrived)[] places)
    {
        var first = _sent.Values.Min();
        return _sent.Where(change => places[0].Arrived.ContainsKey(change.Key)).OrderByDescending(change => places[0].Arrived[change.Key] - change.Value).Take(count).Select(change =>
            string.Create(CultureInfo.InvariantCulture, $"sent after {(change.Value - first) / 1000:0.0} s: ")
            + string.Join(", ", places.Select(place => place.Name + (place.Arrived.TryGetValue(change.Key, out var at) ? string.Create(CultureInfo.InvariantCulture, $" {at - change.Value:0} ms") : " never"))));
    }

    /// <summary>Milliseconds of the Unix epoch, which is what browsers count in.</summary>
    public static double Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds;
}
