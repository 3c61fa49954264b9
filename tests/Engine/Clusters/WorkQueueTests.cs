using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

public sealed class WorkQueueTests
{
    private static readonly Backoff Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));

    [Fact]
    public async Task A_key_never_runs_twice_at_once_and_the_last_change_is_always_seen()
    {
        var token = TestContext.Current.CancellationToken;
        var wanted = new ConcurrentDictionary<int, int>();
        var seen = new ConcurrentDictionary<int, int>();
        var running = new ConcurrentDictionary<int, bool>();
        var overlaps = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var queue = new WorkQueue<int>("test", WorkAsync, Pauses, TimeProvider.System, NullLogger.Instance);
        var run = queue.RunAsync(4, stop.Token);

        await Parallel.ForAsync(0, 20_000, token, (i, _) =>
        {
            wanted.AddOrUpdate(i % 7, 1, (_, count) => count + 1);
            queue.Add(i % 7);
            return ValueTask.CompletedTask;
        });
        await Eventually.TrueAsync(() => queue.Count == 0, "the queue has worked");
        await stop.CancelAsync();
        await run;

        Assert.Equal(0, overlaps);
        Assert.Equal(wanted.OrderBy(pair => pair.Key), seen.OrderBy(pair => pair.Key));

        async ValueTask WorkAsync(int key, CancellationToken cancellationToken)
        {
            if (!running.TryAdd(key, true))
            {
                Interlocked.Increment(ref overlaps);
            }

            var now = wanted[key];
            await Task.Yield();
            seen[key] = now;
            running.TryRemove(key, out _);
        }
    }

    [Fact]
    public async Task A_failing_key_is_tried_again_after_growing_pauses_and_holds_up_nobody()
    {
        var token = TestContext.Current.CancellationToken;
        var time = new FakeTimeProvider();
        var attempts = 0;
        var good = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var queue = new WorkQueue<string>(
            "test",
            (key, _) => key == "good"
                ? Count(ref good)
                : ++attempts < 4 ? throw new InvalidOperationException("as told") : ValueTask.CompletedTask,
            Pauses,
            time,
            NullLogger.Instance);
        var run = queue.RunAsync(1, stop.Token);

        queue.Add("bad");
        queue.Add("good");
        await Eventually.TrueAsync(() => good == 1 && attempts == 1, "the queue has worked");

        time.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal(1, attempts);
        for (var expected = 2; expected <= 4; expected++)
        {
            // The pause begins a moment after the failed attempt was counted: time goes on until it was noticed.
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(attempts < expected ? Pauses.Delay(expected - 1, 1) : TimeSpan.Zero);
                    return attempts >= expected;
                },
                "the queue has worked");
        }

        await Eventually.TrueAsync(() => queue.Count == 0, "the queue has worked");
        await stop.CancelAsync();
        await run;

        static ValueTask Count(ref int counter)
        {
            counter++;
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public void Pauses_grow_to_their_limit_and_are_spread_over_their_upper_half()
    {
        Assert.Equal([1, 2, 4, 8, 8, 8], Enumerable.Range(1, 6).Select(failures => Pauses.Delay(failures, 1).TotalSeconds));
        Assert.Equal(4, Pauses.Delay(1000, 0).TotalSeconds);
    }
}
