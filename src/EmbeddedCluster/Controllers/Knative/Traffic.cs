using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>A route's targets with the revisions they lead to, or what keeps them from being assigned.</summary>
internal sealed record Traffic(IReadOnlyList<JsonObject> Targets, TrafficProblem? Problem)
{
    /// <summary>Follows every target of a route's specification to a ready revision.</summary>
    public static Traffic Resolve(JsonObject route, Func<string, JsonObject?> configuration, Func<string, JsonObject?> revision)
    {
        var targets = new List<JsonObject>();
        foreach (var target in route.Items("spec", "traffic"))
        {
            var name = target.Text("revisionName");
            if (target.Text("configurationName") is { } followed)
            {
                if (configuration(followed) is not { } found)
                {
                    return new([], new(true, $"Configuration \"{followed}\" referenced in traffic not found."));
                }

                name = found.Text("status", "latestReadyRevisionName");
                if (name is null)
                {
                    return new([], found.HasCondition("Ready", "False")
                        ? new(true, $"Configuration \"{followed}\" does not have any ready Revision.")
                        : new(false, $"Configuration \"{followed}\" is waiting for a Revision to become ready."));
                }
            }

            if (Check(name ?? "", revision(name ?? "")) is { } problem)
            {
                return new([], problem);
            }

            targets.Add(Resolved(route, target, name!));
        }

        return new(targets, null);
    }

    private static TrafficProblem? Check(string name, JsonObject? revision) =>
        revision is null ? new(true, $"Revision \"{name}\" referenced in traffic not found.")
        : revision.HasCondition("Ready") ? null
        : revision.HasCondition("Ready", "False") ? new(true, $"Revision \"{name}\" failed to become ready.")
        : new(false, $"Revision \"{name}\" is not yet ready.");

    private static JsonObject Resolved(JsonObject route, JsonObject target, string revision)
    {
        var resolved = new JsonObject { ["latestRevision"] = target.Text("configurationName") is not null, ["percent"] = target.Number("percent") ?? 0, ["revisionName"] = revision };
        if (target.Text("tag") is { } tag)
        {
            resolved["tag"] = tag;
            resolved["url"] = $"http://{tag}-{route.Name()}.{route.Namespace()}.{KnativeKeys.Domain}";
        }

        return resolved;
    }
}

/// <summary>Why traffic cannot be assigned.</summary>
/// <param name="Fatal">Whether it is not a matter of waiting.</param>
internal sealed record TrafficProblem(bool Fatal, string Message);
