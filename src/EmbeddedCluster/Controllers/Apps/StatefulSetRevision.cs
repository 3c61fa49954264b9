using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>The ControllerRevisions in which a StatefulSet keeps the templates it has had.</summary>
internal static class StatefulSetRevision
{
    private const string HashLabel = "controller.kubernetes.io/hash";

    /// <summary>Name of the revision of a set's present template, which its pods carry as label.</summary>
    public static string NameOf(JsonObject set) => $"{set.Name()}-{Names.TemplateHash(set.At("spec", "template")!)}";

    /// <summary>Makes the revision where it is missing, gives a template that is back the highest number, and drops the oldest beyond the history limit.</summary>
    public static void Ensure(Cluster cluster, StoredObject set, string name)
    {
        var known = cluster.Cache.OwnedBy(set.Json.Uid(), ObjectKind.ControllerRevision).OrderBy(r => r.Json.Number("revision") ?? 0).ToList();
        var newest = known.Count == 0 ? 0 : known[^1].Json.Number("revision") ?? 0;
        if (known.Find(r => r.Key.Name == name) is not { } revision)
        {
            cluster.Create(ObjectKind.ControllerRevision, New(set, name, newest + 1));
        }
        else if (revision.Json.Number("revision") < newest)
        {
            var edited = revision.Edit();
            edited["revision"] = newest + 1;
            cluster.Update(revision, edited);
        }

        var limit = (int)(set.Json.Number("spec", "revisionHistoryLimit") ?? 10);
        foreach (var old in known.Where(r => r.Key.Name != name && r.Key.Name != set.Json.Text("status", "currentRevision")).SkipLast(limit))
        {
            cluster.Delete(old.Key);
        }
    }

    private static JsonObject New(StoredObject set, string name, long number)
    {
        var template = (JsonObject)set.Json.Object("spec", "template").Copy()!;
        var labels = (JsonObject?)template.Object("metadata", "labels").Copy() ?? [];
        labels[HashLabel] = name[(set.Key.Name.Length + 1)..];
        template.Insert(0, "$patch", "replace");
        var metadata = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = set.Key.Namespace,
            ["labels"] = labels,
            ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(set, ObjectKind.StatefulSet)),
        };
        if (set.Json.Object("metadata", "annotations") is { } annotations)
        {
            metadata["annotations"] = annotations.DeepClone();
        }

        return new JsonObject
        {
            ["metadata"] = metadata,
            ["data"] = new JsonObject { ["spec"] = new JsonObject { ["template"] = template } },
            ["revision"] = number,
        };
    }
}
