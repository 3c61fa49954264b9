using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Volumes;

/// <summary>
/// Binds claims to volumes. A storage class whose provisioner is <see cref="Provisioner"/> gets its volume made; any other class waits for a provisioner
/// that never comes, a missing class fails, as on a cluster without that driver.
/// </summary>
internal sealed class VolumeBinder(Cluster cluster) : Controller
{
    /// <summary>The provisioner that the embedded cluster plays itself.</summary>
    public const string Provisioner = "embedded.csghub.io/nfs";

    private const string Component = "persistentvolume-controller";
    private const string DefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";
    private static readonly TimeSpan ProvisioningTime = TimeSpan.FromMilliseconds(500);

    private readonly Notes<DateTimeOffset> _provisioning = new();

    public override string Name => Component;

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.PersistentVolumeClaim.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.StorageClass.Owns(change.Object.Key) ? [.. cluster.Cache.List(ObjectKind.PersistentVolumeClaim).Where(c => !IsBound(c)).Select(c => c.Key)]
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } claim)
        {
            _provisioning.Forget(key);
            foreach (var volume in cluster.Cache.List(ObjectKind.PersistentVolume).Where(v => Claims(v, key)).ToList())
            {
                cluster.Delete(volume.Key);
            }

            return null;
        }

        if (IsBound(claim) || claim.Json.IsDeleting())
        {
            return null;
        }

        if (ClassOf(claim) is not { } storageClass)
        {
            return null;
        }

        if (storageClass.Json.Text("provisioner") != Provisioner)
        {
            cluster.Events.Normal(
                claim, Component, "ExternalProvisioning",
                $"Waiting for a volume to be created either by the external provisioner '{storageClass.Json.Text("provisioner")}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
            return null;
        }

        if (!_provisioning.TryGet(claim, out var since))
        {
            since = _provisioning.Set(claim, cluster.Clock.Now);
            cluster.Events.Normal(claim, Provisioner, "Provisioning", $"External provisioner is provisioning volume for claim \"{key.Namespace}/{key.Name}\"");
        }

        if (!cluster.Clock.Passed(since, ProvisioningTime))
        {
            return ProvisioningTime;
        }

        Bind(claim, storageClass);
        return null;
    }

    private static bool IsBound(StoredObject claim) => claim.Json.Text("status", "phase") == "Bound";

    private static bool Claims(StoredObject volume, ObjectKey claim) =>
        volume.Json.Text("spec", "claimRef", "namespace") == claim.Namespace && volume.Json.Text("spec", "claimRef", "name") == claim.Name;

    // Null where the claim has no class or its class does not exist; the latter is told.
    private StoredObject? ClassOf(StoredObject claim)
    {
        var name = claim.Json.Text("spec", "storageClassName");
        if (name is null)
        {
            var byDefault = cluster.Cache.List(ObjectKind.StorageClass).Where(c => c.Json.Annotation(DefaultClassAnnotation) == "true").MinBy(c => c.Key.Name, StringComparer.Ordinal);
            if (byDefault is null)
            {
                cluster.Events.Normal(claim, Component, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
            }

            return byDefault;
        }

        if (name.Length == 0)
        {
            return null;
        }

        var found = cluster.Cache.Get(ObjectKind.StorageClass, "", name);
        if (found is null)
        {
            cluster.Events.Warning(claim, Component, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{name}\" not found");
        }

        return found;
    }

    private void Bind(StoredObject claim, StoredObject storageClass)
    {
        var name = $"pvc-{claim.Json.Uid()}";
        var size = claim.Json.Text("spec", "resources", "requests", "storage") ?? "1Gi";
        if (cluster.Cache.Get(ObjectKind.PersistentVolume, "", name) is null)
        {
            cluster.Create(ObjectKind.PersistentVolume, Volume(claim, storageClass, name, size));
        }

        var edited = claim.Edit();
        edited.Ensure("spec")["volumeName"] = name;
        edited.Ensure("spec")["storageClassName"] ??= storageClass.Key.Name;
        var annotations = edited.Ensure("metadata", "annotations");
        annotations["pv.kubernetes.io/bind-completed"] = "yes";
        annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
        annotations["volume.kubernetes.io/storage-provisioner"] = Provisioner;
        var bound = cluster.Update(claim, edited);
        cluster.UpdateStatus(bound, new JsonObject
        {
            ["phase"] = "Bound",
            ["accessModes"] = claim.Json.At("spec", "accessModes").Copy(),
            ["capacity"] = new JsonObject { ["storage"] = size },
        });
        cluster.Events.Normal(bound, Provisioner, "ProvisioningSucceeded", $"Successfully provisioned volume {name}");
    }

    private static JsonObject Volume(StoredObject claim, StoredObject storageClass, string name, string size) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["annotations"] = new JsonObject { ["pv.kubernetes.io/provisioned-by"] = Provisioner },
        },
        ["spec"] = new JsonObject
        {
            ["accessModes"] = claim.Json.At("spec", "accessModes").Copy(),
            ["capacity"] = new JsonObject { ["storage"] = size },
            ["claimRef"] = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "PersistentVolumeClaim",
                ["namespace"] = claim.Key.Namespace,
                ["name"] = claim.Key.Name,
                ["uid"] = claim.Json.Uid(),
            },
            ["nfs"] = new JsonObject { ["server"] = "nfs.embedded.internal", ["path"] = $"/export/{name}" },
            ["persistentVolumeReclaimPolicy"] = storageClass.Json.Text("reclaimPolicy") ?? "Delete",
            ["storageClassName"] = storageClass.Key.Name,
            ["volumeMode"] = "Filesystem",
        },
        ["status"] = new JsonObject { ["phase"] = "Bound" },
    };
}
