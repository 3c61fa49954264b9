using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;

/// <summary>One group as the manager counts it.</summary>
/// <param name="Leader">The leader pod.</param>
/// <param name="Workers">The StatefulSet of the workers; null before it exists and for groups of one.</param>
internal sealed record Group(JsonObject Leader, JsonObject? Workers);

/// <summary>A LeaderWorkerSet's counts and conditions, as pure functions of its groups.</summary>
internal static class LeaderWorkerSetStatus
{
    public const string Progressing = "GroupsProgressing";

    /// <summary>The set's new status.</summary>
    /// <param name="revision">Fingerprint of the set's present template.</param>
    /// <param name="leaders">The StatefulSet of the leaders.</param>
    /// <returns>The status, and the event that tells of a changed condition (reason and message), null when none changed.</returns>
    public static (JsonObject Status, (string Reason, string Message)? Event) Of(
        JsonObject set, string revision, JsonObject? leaders, IReadOnlyList<Group> groups, SimulationClock clock)
    {
        var wanted = LeaderWorkerSetObjects.Replicas(set);
        var counted = LeaderWorkerSetObjects.Size(set) == 1 ? groups : [.. groups.Where(g => g.Workers is not null)];
        var ready = counted.Count(IsReady);
        var updated = counted.Count(g => IsUpdated(g, revision));
        var status = new JsonObject
        {
            ["conditions"] = set.Array("status", "conditions").Copy() ?? new JsonArray(),
            ["hpaPodSelector"] = $"{LeaderWorkerSetKeys.SetName}={set.Name()},{LeaderWorkerSetKeys.WorkerIndex}=0",
        };
        Count("readyReplicas", ready);
        Count("replicas", leaders.Number("status", "replicas") ?? 0);
        Count("updatedReplicas", updated);

        (string Type, string Reason, string Message)[] conditions =
            updated < counted.Count ? [("UpdateInProgress", "GroupsUpdating", "Rolling Upgrade is in progress"), ("Progressing", Progressing, "Replicas are progressing")]
            : counted.Count(g => IsReady(g) && IsUpdated(g, revision)) == wanted ? [("Available", "AllGroupsReady", "All replicas are ready")]
            : [("Progressing", Progressing, "Replicas are progressing")];
        var changed = false;
        foreach (var (type, reason, message) in conditions)
        {
            changed |= Set((JsonArray)status["conditions"]!, type, reason, message, clock);
        }

        return (status, changed ? (conditions[0].Reason, $"{conditions[0].Message}, with {ready} groups ready of total {wanted} groups") : null);

        void Count(string name, long number)
        {
            if (number > 0)
            {
                status[name] = number;
            }
        }
    }

    // The workers count as soon as their StatefulSet has made the pods, ready or not.
    private static bool IsReady(Group group) =>
        group.Leader.Text("status", "phase") == "Running" && group.Leader.HasCondition("Ready")
        && (group.Workers is null || group.Workers.Number("status", "replicas") == group.Workers.Number("spec", "replicas"));

    private static bool IsUpdated(Group group, string revision) =>
        group.Leader.Label(LeaderWorkerSetKeys.RevisionHash) == revision
        && (group.Workers is null || group.Workers.Label(LeaderWorkerSetKeys.RevisionHash) == revision);

    // Available excludes the two others; the one that is pushed aside keeps its time, reason and message.
    private static bool Set(JsonArray conditions, string type, string reason, string message, SimulationClock clock)
    {
        var changed = false;
        foreach (var other in conditions.OfType<JsonObject>().Where(c => c.Text("type") != type && c.Text("status") == "True" && (type == "Available" || c.Text("type") == "Available")))
        {
            other["status"] = "False";
            changed = true;
        }

        var present = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        if (present.Text("status") == "True")
        {
            return changed;
        }

        var condition = new JsonObject
        {
            ["lastTransitionTime"] = clock.Timestamp,
            ["message"] = message,
            ["reason"] = reason,
            ["status"] = "True",
            ["type"] = type,
        };
        if (present is null)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[conditions.IndexOf(present)] = condition;
        }

        return true;
    }
}
