using FsCheck;
using FsCheck.Fluent;
using Runner.Engine;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;

namespace Runner.Tests.Engine.Hub;

/// <summary>Order and completeness of sending, whatever the hub does: the decisions alone, in virtual time.</summary>
public sealed class OutboxOrderProperties
{
    [Fact]
    public void Under_any_mix_of_failures_each_resource_is_sent_in_order_and_nothing_is_left()
    {
        var verdicts = Gen.Elements(HubVerdict.Taken, HubVerdict.Refused, HubVerdict.Failed, HubVerdict.Unreachable).ArrayOf();
        var resources = Gen.Choose(0, 5).ArrayOf();
        Prop.ForAll(verdicts.ToArbitrary(), resources.ToArbitrary(), Run).QuickCheckThrowOnFailure();
    }

    /// <summary>Counts what is looked at, not time: each of many lanes that wait is found by a few comparisons.</summary>
    [Fact]
    public void The_next_eis_found_without_a_look_at_all_that_wait()
    {
        const int Lanes = 20_000;
        var lanes = new OutboxLanes(() => 0.5);
        for (var i = 0; i < Lanes; i++)
        {
            lanes.Add($"r{i}", i);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Lanes; i++)
        {
            Assert.Equal(i, lanes.Next(TimeSpan.Zero, 8)!.Value.Sequence);
            lanes.Done($"r{i}", new HubAnswer(HubVerdict.Taken, LocalText.None), TimeSpan.Zero);
        }

        Assert.Equal(0, lanes.Waiting);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < Lanes * 2_000L, "what is found is not sorted out of all that wait");
    }

    [Fact]
    public void Pauses_grow_to_five_minutes_and_no_further()
    {
        var lanes = new OutboxLanes(() => 0.5);
        lanes.Add("a", 1);
        var now = TimeSpan.Zero;
        var pauses = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            Assert.NotNull(lanes.Next(now, 8));
            lanes.Done("a", new HubAnswer(HubVerdict.Failed, LocalText.Verbatim("no")), now);
            Assert.Null(lanes.Next(now, 8));
            pauses.Add((lanes.Due()!.Value - now).TotalSeconds);
            now = lanes.Due()!.Value;
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], pauses);
    }

    private static bool Run(HubVerdict[] verdicts, int[] resources)
    {
        var random = new System.Random(verdicts.Length * 31 + resources.Length);
        var lanes = new OutboxLanes(random.NextDouble);
        var script = new Queue<HubVerdict>(verdicts);
        var taken = new List<(string Resource, long Sequence)>();
        var inFlight = new List<(string Resource, long Sequence)>();
        var left = new List<(string Resource, long Sequence)>();
        var waiting = new Queue<(string Resource, long Sequence)>(resources.Select((resource, i) => ($"r{resource}", (long)i)));
        var tried = new Dictionary<string, TimeSpan>();
        var now = TimeSpan.Zero;
        for (var step = 0; step < 10_000 && (waiting.Count > 0 || lanes.Waiting > 0); step++)
        {
            if (waiting.Count > 0 && random.Next(2) == 0)
            {
                var (resource, sequence) = waiting.Dequeue();
                lanes.Add(resource, sequence);
                left.Add((resource, sequence));
            }

            // Of those that may be tried, the one that waits longest since its last attempt, and of several such the oldest.
            List<(string Resource, long Sequence)> Candidates() =>
            [
                .. left.GroupBy(e => e.Resource).Select(lane => lane.MinBy(e => e.Sequence))
                    .Where(head => !inFlight.Exists(other => other.Resource == head.Resource) && !(lanes.At(head.Resource, head.Sequence).Next > now))
                    .OrderBy(head => tried.GetValueOrDefault(head.Resource)).ThenBy(head => head.Sequence),
            ];
            for (var candidates = Candidates(); lanes.Next(now, 3) is { } next; candidates = Candidates())
            {
                if (candidates[0] != next)
                {
                    return false;
                }

                inFlight.Add(next);
                tried[next.Resource] = now;
            }

            if (inFlight.Count > 0)
            {
                var index = random.Next(inFlight.Count);
                var sent = inFlight[index];
                inFlight.RemoveAt(index);
                var verdict = script.TryDequeue(out var scripted) ? scripted : HubVerdict.Taken;
                if (verdict == HubVerdict.Taken)
                {
                    taken.Add(sent);
                    left.Remove(sent);
                    if (!left.Exists(other => other.Resource == sent.Resource))
                    {
                        tried.Remove(sent.Resource);
                    }
                }

                lanes.Done(sent.Resource, new HubAnswer(verdict, LocalText.Verbatim(verdict.ToString())), now);
            }
            else if (lanes.Due() is { } due && due > now)
            {
                now = due;
            }
        }

        return taken.Count == resources.Length
            && taken.GroupBy(sent => sent.Resource).All(group => group.Select(sent => sent.Sequence).SequenceEqual(group.Select(sent => sent.Sequence).Order()));
    }
}
