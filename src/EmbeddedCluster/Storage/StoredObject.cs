using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>Names one object: API group (empty for core), plural resource name, namespace (empty for cluster-scoped) and name.</summary>
internal readonly record struct ObjectKey(string Group, string Plural, string Namespace, string Name)
{
    /// <summary>Place in the order of a list: <c>namespace/name</c>, or the name alone.</summary>
    public string Path => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

/// <summary>
/// One version of one object. <see cref="Json"/> is frozen: nobody changes it once it is stored; take <see cref="Edit"/> for a copy to change.
/// </summary>
internal sealed class StoredObject(ObjectKey key, JsonObject json, long resourceVersion)
{
    private byte[]? _utf8;

    public ObjectKey Key { get; } = key;

    public JsonObject Json { get; } = json;

    public long ResourceVersion { get; } = resourceVersion;

    /// <inheritdoc cref="ObjectKey.Path"/>
    public string Path { get; } = key.Path;

    public string Uid => (string?)Json["metadata"]?["uid"] ?? "";

    /// <summary>Whether it is marked for deletion and only waits for finalizers or its grace period.</summary>
    public bool IsDeleting => Json["metadata"]?["deletionTimestamp"] is not null;

    /// <summary>The object as it goes over the wire, serialised once and shared by all who read it.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8 ??= JsonSerializer.SerializeToUtf8Bytes(Json, ApiJson.Options);

    /// <summary>A deep copy to change and hand to <see cref="ObjectStore.Update"/>.</summary>
    public JsonObject Edit() => (JsonObject)Json.DeepClone();
}

internal enum StoreEventType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One change.</summary>
/// <param name="Object">The object after the change; for <see cref="StoreEventType.Deleted"/> its last state with the resource version of the deletion.</param>
/// <param name="Previous">The object before the change, null when it was added.</param>
internal sealed record StoreEvent(StoreEventType Type, StoredObject Object, StoredObject? Previous)
{
    public long ResourceVersion => Object.ResourceVersion;
}
