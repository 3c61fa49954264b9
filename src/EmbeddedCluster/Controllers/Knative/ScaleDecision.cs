using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>How many pods a revision should have.</summary>
/// <param name="Wanted">-1: as many as there are, nothing is known yet.</param>
/// <param name="MinReady">Pods that must be ready for the revision to count as active.</param>
/// <param name="Again">Simulated time until the decision may change by itself; null for never.</param>
internal sealed record ScaleDecision(long Wanted, long MinReady, TimeSpan? Again)
{
    /// <summary>Time a revision lives at least before its Deployment goes to zero.</summary>
    public static readonly TimeSpan ZeroGrace = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DefaultWindow = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstMetrics = TimeSpan.FromSeconds(2);

    public static ScaleDecision Of(JsonObject autoscaler, int ready, AutoscalerMemory memory, bool hasService, SimulationClock clock)
    {
        var reachable = autoscaler.Text("spec", "reachability") != "Unreachable";
        var min = reachable ? Scale(autoscaler, KnativeKeys.MinScale) : 0;
        var max = Scale(autoscaler, KnativeKeys.MaxScale);
        var floor = Math.Max(1, max > 0 ? Math.Min(min, max) : min);
        if (ready >= floor)
        {
            memory.ActiveSince ??= clock.Now;
            memory.Initialized = true;
        }
        else
        {
            memory.ActiveSince = null;
        }

        var request = SimulationClock.Parse(autoscaler.Annotation(KnativeKeys.LastRequest));
        var window = KnativeKeys.Duration(autoscaler.Annotation(KnativeKeys.Window)) ?? DefaultWindow;
        if (request is { } last && !clock.Passed(last, window / 2))
        {
            memory.Asleep = false;
        }

        if (!memory.Initialized)
        {
            return new(hasService && min > 0 ? floor : Known(autoscaler), floor, null);
        }

        if (min > 0)
        {
            memory.Asleep = false;
            return new(floor, floor, null);
        }

        if (memory.Asleep)
        {
            return new(0, floor, clock.Passed(memory.Since, ZeroGrace) ? null : clock.Until(clock.After(memory.Since, ZeroGrace)));
        }

        // Awake: until a window without requests has passed since it was last active.
        if (memory.ActiveSince is not { } active)
        {
            return new(floor, floor, null);
        }

        // A single request weighs less than one on average after half a window.
        var sleepAt = clock.After(active, window);
        if (request is { } noted && clock.After(noted, window / 2) > sleepAt)
        {
            sleepAt = clock.After(noted, window / 2);
        }

        if (clock.Now >= sleepAt)
        {
            memory.Asleep = true;
            return new(0, floor, clock.Until(clock.After(memory.Since, ZeroGrace)));
        }

        var measured = clock.Passed(active, FirstMetrics) || Known(autoscaler) > 0;
        var next = clock.Until(sleepAt);
        return measured ? new(floor, floor, next) : new(Known(autoscaler), floor, next < FirstMetrics ? next : FirstMetrics);
    }

    private static long Known(JsonObject autoscaler) => autoscaler.Number("status", "desiredScale") ?? -1;

    private static long Scale(JsonObject autoscaler, string annotation) =>
        long.TryParse(autoscaler.Annotation(annotation), CultureInfo.InvariantCulture, out var scale) ? Math.Max(0, scale) : 0;
}
