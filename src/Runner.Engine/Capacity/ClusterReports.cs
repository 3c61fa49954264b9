using System.Globalization;
using System.Text.Json;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Capacity;

/// <summary>What the hub is told of a cluster and its inventory, on request and with each heartbeat. Reads from memory only.</summary>
public sealed class ClusterReports(CapacityFeed capacity, LiveSettings settings, RunnerOptions options, TimeProvider time)
{
    private const decimal Gibibyte = 1024m * 1024 * 1024;

    /// <summary>The answer of <c>GET /cluster/{id}</c> as JSON in UTF-8.</summary>
    public byte[] Of(ClusterConnection cluster) => JsonSerializer.SerializeToUtf8Bytes(AnswerOf(cluster), ClusterJson.Default.ClusterAnswer);

    /// <summary>True when the cluster answers and its inventory is known, or known not to be: there is something to tell.</summary>
    internal bool IsReady(ClusterConnection cluster) =>
        cluster.Status is { Health: ClusterHealth.Connected, ClusterId: not null } && capacity.Of(cluster.Name).Source != CapacitySource.Starting;

    internal ClusterAnswer AnswerOf(ClusterConnection cluster)
    {
        var snapshot = capacity.Of(cluster.Name);
        var now = settings.Of(cluster.Name);
        var status = cluster.Status;
        return new()
        {
            ClusterId = status.ClusterId ?? "",
            Status = status.Health == ClusterHealth.Connected ? "Running" : "Unavailable",
            Region = now.Region,
            Zone = now.Zone,
            Provider = now.Provider,
            StorageClass = now.StorageClass,
            Endpoint = now.PublicDomain,
            NodeNumber = snapshot.Source == CapacitySource.ClusterWide ? snapshot.Nodes.Count : 0,
            Resources = [.. snapshot.Nodes.Select(node => AnswerOf(node, options.WorkloadNamespace))],
            ResourceStatus = (snapshot.Source == CapacitySource.Starting ? CapacitySource.Uncertain : snapshot.Source).ToString(),
            LastUpdateTime = (cluster.LastContact ?? time.GetUtcNow()).ToUnixTimeSeconds(),
            Enable = now.Enabled,
            VxpuConfig = SharingOf(options),
        };
    }

    /// <summary>
    /// One node in the words of the contract. Pure. Of a node that is not ready nothing is available: the hub lets a deploy in where enough is, whatever the node's status says.
    /// </summary>
    /// <param name="workloadNamespace">Only pods of this namespace are named.</param>
    internal static NodeAnswer AnswerOf(NodeCapacity node, string workloadNamespace)
    {
        var devices = node.Devices;
        var shared = node.SharedDevices;
        var total = shared.Sum(use => use.Device.MemoryMiB);

        // A quota stands for nodes that nobody may see.
        var isLost = node is { Name.Length: > 0, Ready: false };
        return new()
        {
            NodeName = node.Name,
            NodeStatus = node.Status,
            TotalCpu = decimal.Round(node.Cpu.Total, 1),
            AvailableCpu = isLost ? 0 : decimal.Round(node.Cpu.Free, 1),
            TotalMemory = decimal.Round(node.Memory.Total / Gibibyte, 2),

            // Never more than there is: what the hub lets in for it would wait for ever.
            AvailableMemory = isLost ? 0 : decimal.Round(node.Memory.Free / Gibibyte, 2, MidpointRounding.ToZero),
            XpuModel = node.Accelerator?.Model ?? "",
            GpuVendor = node.Accelerator?.Vendor ?? "",
            TotalXpu = (long)devices.Total,
            AvailableXpu = isLost ? 0 : (long)devices.Free,
            XpuCapacityLabel = node.Accelerator?.Resource ?? "",
            XpuMemory = node.Accelerator?.Memory ?? "",
            ReservedXpu = (long)Math.Max(0, devices.Total - devices.Allocatable),
            Vxpus = [.. shared.Select(use => new VxpuAnswer(
                use.Device.Id, use.Device.Index, use.Device.MemoryMiB, use.Device.Slots, use.Device.CorePercent, use.Device.Type, use.UsedMemoryMiB))],
            TotalVxpu = shared.Sum(use => use.Device.Slots),
            UsedVxpu = shared.Sum(use => use.UsedSlots),
            TotalVxpuMemory = total,
            AvailableVxpuMemory = isLost ? 0 : Math.Max(0, total - shared.Sum(use => use.UsedMemoryMiB)),
            Migs = node.MigSlices.ToDictionary(
                slice => slice.Key,
                slice => new MigAnswer(
                    (long)slice.Value.Total,
                    isLost ? 0 : (long)slice.Value.Allocatable,
                    (long)slice.Value.Requested,
                    (long)node.Pods.Sum(pod => pod.MigLimits.GetValueOrDefault(slice.Key)))),
            Processes = [.. node.Pods.Where(pod => pod.Namespace == workloadNamespace).Select(pod => AnswerOf(pod, shared))],
            Labels = node.Labels,
            EnableVxpu = shared.Count > 0,
            UpdatedAt = node.UpdatedAt.ToUnixTimeSeconds(),
        };
    }

    private static ProcessAnswer AnswerOf(PodUse pod, IReadOnlyList<SharedDeviceUse> devices) => new(
        pod.Name,
        pod.DeployId,
        pod.Service,
        [.. pod.Shares.Select(share => new VxpuAnswer(
            share.DeviceId,
            devices.FirstOrDefault(use => use.Device.Id == share.DeviceId)?.Device.Index ?? 0,
            share.MemoryMiB,
            1,
            share.CorePercent,
            share.Type,
            share.MemoryMiB))],
        pod.Workflow,
        pod.Node);

    /// <summary>How pods ask for parts of devices here, as the hub hands it on with its requests.</summary>
    private static Dictionary<string, string> SharingOf(RunnerOptions options) => new()
    {
        ["kube_scheduler"] = options.Services.KubeScheduler,
        ["volcano_queue"] = options.Services.VolcanoQueue,
        ["vgpu_node_resource_name"] = options.Accelerators.VgpuNodeAnnotation,
        ["vgpu_pod_resource_name"] = options.Accelerators.VgpuPodAnnotation,
        ["vgpu_resource_req"] = options.Accelerators.VgpuResource,
        ["vgpu_memory_req"] = options.Accelerators.VgpuMemoryResource,
        ["vgpu_memory_scaling_factor"] = options.Accelerators.VgpuMemoryScalingFactor.ToString(CultureInfo.InvariantCulture),
        ["allow_cpu_res_schedule_to_gpu_node"] = options.AllowCpuOnGpuNodes ? "true" : "false",
    };
}
