using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host.Chaos;

/// <summary>What must hold of the events about one resource, whatever happened to the runner meanwhile.</summary>
internal static class LifeRules
{
    private static readonly string[] Phases = ["Pending", "Running", "Succeeded"];

    /// <summary>
    /// A service is created once, then changes, and is stopped last. Repetitions are allowed only right after one another and to the byte.
    /// </summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? OfService(string name, IEnumerable<ReceivedEvent> received)
    {
        var events = WithoutRepetitions(received);
        var types = events.ConvertAll(e => e.Type.Split('.')[^1]);
        return types is ["create", .. var between, "stop"] && between.TrueForAll(type => type == "change")
            ? OutOfTime(name, events)
            : $"{name}: {Tell(events)}";
    }

    /// <summary>A job's phase never goes back, and its last word on it is that it succeeded.</summary>
    /// <param name="changes">Events that carry the phase; others, such as those of its pods, are left out.</param>
    /// <param name="mayBeginAnew">True where a call that is repeated after the end runs the job once more, as it does when the answer to the first was lost.</param>
    public static string? OfJob(string name, IEnumerable<ReceivedEvent> changes, bool mayBeginAnew = false)
    {
        var events = WithoutRepetitions(changes);
        var phases = events.ConvertAll(e => Array.IndexOf(Phases, Phase(e)));
        return phases.Count > 0 && phases[^1] == Phases.Length - 1 && phases.Zip(phases.Skip(1)).All(pair => pair.First >= 0 && (pair.First <= pair.Second || (mayBeginAnew && pair.First == Phases.Length - 1)))
            ? OutOfTime(name, events)
            : $"{name}: {Tell(events)}";
    }

    public static string Phase(ReceivedEvent received) => received.Root.GetProperty("data").GetProperty("status").ToString();

    private static string? OutOfTime(string name, List<ReceivedEvent> events) =>
        events.Zip(events.Skip(1)).Any(pair => Time(pair.First) > Time(pair.Second)) ? $"{name}: out of order in time: {Tell(events)}" : null;

    private static long Time(ReceivedEvent received) => received.Root.GetProperty("event_time").GetInt64();

    private static List<ReceivedEvent> WithoutRepetitions(IEnumerable<ReceivedEvent> received)
    {
        var kept = new List<ReceivedEvent>();
        foreach (var e in received)
        {
            if (kept.Count == 0 || kept[^1].Body != e.Body)
            {
                kept.Add(e);
            }
        }

        return kept;
    }

    private static string Tell(List<ReceivedEvent> events) => string.Join(" → ", events.Select(e => $"{e.Type} {Phase(e)} {e.Reason}"));
}
