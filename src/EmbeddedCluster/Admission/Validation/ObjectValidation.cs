using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Schemas;
using Runner.EmbeddedCluster.Admission.Webhooks;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Finds the faults of an object that could be read, in the API server's order.</summary>
internal static class ObjectValidation
{
    /// <param name="old">The stored object on update, null on create.</param>
    /// <param name="subresource">Null for the object itself; for others only the metadata is checked.</param>
    public static IEnumerable<StatusCause> Validate(ResourceType type, JsonObject? old, JsonObject json, string? subresource)
    {
        var metadata = MetadataValidation.Validate(type, old, json);
        if (subresource is not null)
        {
            return metadata;
        }

        var causes = metadata.Concat(type.Custom ? CustomResource(type, json) : BuiltIn(type, old, json));
        return type.Group switch
        {
            LeaderWorkerSetWebhook.Group => causes.Concat(LeaderWorkerSetWebhook.Validate(json)),
            SandboxSchema.Group => causes.Concat(SandboxSchema.Validate(json)),
            _ => causes,
        };
    }

    private static IEnumerable<StatusCause> CustomResource(ResourceType type, JsonObject json) =>
        TypeCatalog.Find(type.Group, type.Version, type.Kind) is { } schema ? SchemaValidation.Validate(schema, json) : [];

    private static IEnumerable<StatusCause> BuiltIn(ResourceType type, JsonObject? old, JsonObject json) => (type.Group, type.Kind) switch
    {
        ("", "Pod") => PodValidation.Validate(old, json),
        ("", "Service") => ServiceValidation.Validate(old, json),
        ("", "ConfigMap") => DataValidation.ConfigMap(old, json),
        ("", "Secret") => DataValidation.Secret(old, json),
        ("", "PersistentVolumeClaim") => StorageValidation.Claim(old, json),
        ("storage.k8s.io", "StorageClass") => StorageValidation.StorageClass(old, json),
        ("", "Event") => MiscValidation.Event(json),
        ("", "Node") => MiscValidation.Node(json),
        ("coordination.k8s.io", "Lease") => MiscValidation.Lease(json),
        ("scheduling.k8s.io", "PriorityClass") => MiscValidation.PriorityClass(old, json),
        ("apps", "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet") => WorkloadValidation.Validate(type.Kind, old, json),
        ("batch", "Job") => WorkloadValidation.Job(old, json),
        _ => [],
    };
}
