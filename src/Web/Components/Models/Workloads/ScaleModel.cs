using System.Globalization;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>How many instances a service shall have, while somebody types. Plain state without a page.</summary>
public sealed class ScaleModel(Workload workload)
{
    /// <summary>True where an instance spans hosts: there is one number, because it does not scale by itself.</summary>
    public bool IsOneNumber { get; } = workload.Hosts > 1;

    public string Min { get; set; } = Shown(workload.MinReplicas ?? 0);

    public string Max { get; set; } = Shown(workload.MaxReplicas ?? Math.Max(1, workload.DesiredReplicas));

    /// <summary>What is wrong, as a name in the resources; null when nothing is.</summary>
    public string? Problem => Read(Min) is not { } min || Read(IsOneNumber ? Min : Max) is not { } max ? "Scale.NotNumbers"
        : max == 0 ? IsOneNumber ? "Scale.NoInstance" : "Scale.NoMost"
        : min > max ? "Scale.Turned"
        : null;

    /// <summary>What is asked for; null while something is wrong.</summary>
    public ReplicaRange? Range => Problem is null ? new(Read(Min)!.Value, Read(IsOneNumber ? Min : Max)!.Value) : null;

    /// <summary>False when it has just that many already.</summary>
    public bool IsChanged => Range is { } range && (range.Min != workload.MinReplicas || range.Max != workload.MaxReplicas);

    private static int? Read(string text) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= ReplicaRange.Most ? number : null;

    private static string Shown(int number) => number.ToString(CultureInfo.InvariantCulture);
}
