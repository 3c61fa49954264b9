using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>
/// Moves the objects of one kind towards what their specification asks for. <see cref="Reconcile"/> looks at the state as it is now and never at what changed,
/// so a missed, repeated or failed call does no harm.
/// </summary>
internal abstract class Controller
{
    /// <summary>For log lines and as the source of events.</summary>
    public abstract string Name { get; }

    /// <summary>Simulated time between a change and the reaction to it. Changes in between are taken together.</summary>
    public virtual TimeSpan Reaction => TimeSpan.FromMilliseconds(20);

    /// <summary>Keys to reconcile because of a change.</summary>
    public abstract IEnumerable<ObjectKey> Affected(StoreEvent change);

    /// <summary>Brings one object forward. A refusal by storage may be let through: the key is tried again.</summary>
    /// <returns>Simulated time until it must be looked at again without any change; null for never.</returns>
    public abstract TimeSpan? Reconcile(ObjectKey key);

    /// <summary>The key of the controller of a changed object when it is of the wanted resource.</summary>
    protected static IEnumerable<ObjectKey> ControllerOf(StoredObject stored, ObjectKind resource)
    {
        var reference = stored.Json.ControllerReference();
        return reference.Text("kind") == resource.Kind && reference.Text("apiVersion") == resource.ApiVersion
            ? [resource.Key(stored.Key.Namespace, reference.Text("name") ?? "")]
            : [];
    }
}
