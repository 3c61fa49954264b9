using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of volumes, claims and storage classes.</summary>
internal static class StorageTables
{
    private const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    public static IEnumerable<KeyValuePair<(string, string), ResourceTable>> All =>
    [
        WorkloadTables.Table("", "PersistentVolumeClaim",
            [
                new("Status", "Whether the claim has a volume."), new("Volume", "The volume it has."), new("Capacity", "Size of the volume."), new("Access Modes", "How the volume may be mounted."),
                new("StorageClass", "Class that provides the volume."), new("VolumeAttributesClass", "Class of the volume's attributes."), TableColumn.Age, new("VolumeMode", "File system or block device.", Wide: true),
            ],
            (json, now) =>
            {
                var bound = json.Text("spec", "volumeName").Length > 0;
                return
                [
                    json.At("metadata", "deletionTimestamp") is null ? json.Text("status", "phase") : "Terminating", json.Text("spec", "volumeName"), bound ? json.Text("status", "capacity", "storage") : "",
                    bound ? Modes(json.Texts("status", "accessModes")) : "", json.Text("spec", "storageClassName"), OrUnset(json.Text("spec", "volumeAttributesClassName")), Cell.Age(json, now),
                    OrUnset(json.Text("spec", "volumeMode")),
                ];
            }),
        WorkloadTables.Table("", "PersistentVolume",
            [
                new("Capacity", "Size of the volume."), new("Access Modes", "How it may be mounted."), new("Reclaim Policy", "What happens to it when its claim goes."), new("Status", "Whether it is free, bound or released."),
                new("Claim", "The claim that has it."), new("StorageClass", "Class that provided it."), new("VolumeAttributesClass", "Class of its attributes."), new("Reason", "Why it is in this state."), TableColumn.Age,
                new("VolumeMode", "File system or block device.", Wide: true),
            ],
            (json, now) =>
            [
                json.Text("spec", "capacity", "storage"), Modes(json.Texts("spec", "accessModes")), json.Text("spec", "persistentVolumeReclaimPolicy"),
                json.At("metadata", "deletionTimestamp") is null ? json.Text("status", "phase") : "Terminating",
                json.Object("spec", "claimRef") is { } claim ? $"{claim.Text("namespace")}/{claim.Text("name")}" : "", json.Text("spec", "storageClassName"), OrUnset(json.Text("spec", "volumeAttributesClassName")),
                json.Text("status", "reason"), Cell.Age(json, now), OrUnset(json.Text("spec", "volumeMode")),
            ]),
        KeyValuePair.Create(("storage.k8s.io", "StorageClass"), new ResourceTable(
            [
                TableColumn.ObjectName, new("Provisioner", "Who makes the volumes."), new("ReclaimPolicy", "What happens to volumes when their claims go."), new("VolumeBindingMode", "When volumes are made."),
                new("AllowVolumeExpansion", "Whether claims may grow."), TableColumn.Age,
            ],
            (json, now) =>
            [
                json.Text("metadata", "name") + (json.Text("metadata", "annotations", DefaultClass) == "true" ? " (default)" : ""), json.Text("provisioner"), json.Text("reclaimPolicy"),
                json.Text("volumeBindingMode"), json.Flag("allowVolumeExpansion"), Cell.Age(json, now),
            ])),
    ];

    private static string OrUnset(string text) => text.Length == 0 ? "<unset>" : text;

    private static string Modes(IEnumerable<string> modes)
    {
        var has = modes.ToHashSet(StringComparer.Ordinal);
        (string Mode, string Short)[] known = [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
        return string.Join(',', known.Where(k => has.Contains(k.Mode)).Select(k => k.Short));
    }
}
