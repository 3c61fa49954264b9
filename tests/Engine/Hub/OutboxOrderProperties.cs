using FsCheck;
using FsCheck.Fluent;
using Runner.Engine;
using Runner.Engine.Hub;

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
        var waiting = new Queue<(string Resource, long Sequence)>(resources.Select((resource, i) => ($"r{resource}", (long)i)));
        var now = TimeSpan.Zero;
        for (var step = 0; step < 10_000 && (waiting.Count > 0 || lanes.Waiting > 0); step++)
        {
            if (waiting.Count > 0 && random.Next(2) == 0)
            {
                var (resource, sequence) = waiting.Dequeue();
                lanes.Add(resource, sequence);
            }

            while (lanes.Next(now, 3) is { } next)
            {
                if (inFlight.Exists(other => other.Resource == next.Resource))
                {
                    return false;
                }

                inFlight.Add(next);
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
