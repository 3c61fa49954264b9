using System.Globalization;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Seed;

/// <summary>The simulated fleet: accelerators of several makes, one node cut into MIG slices, processors only, in two zones.</summary>
internal static class SeedNodes
{
    /// <summary>Nodes as a kubelet would register them, with capacity and labels; conditions come from the node controller.</summary>
    public static IEnumerable<JsonObject> All() =>
    [
        Nvidia("gpu-a100-1", "zone-a", "NVIDIA-A100-SXM4-80GB", "ampere", "8.0", 81920, 8, cpu: 128, memoryGi: 1024),
        Nvidia("gpu-a100-2", "zone-b", "NVIDIA-A100-SXM4-80GB", "ampere", "8.0", 81920, 8, cpu: 128, memoryGi: 1024),
        Mig("gpu-mig-1", "zone-a"),
        Nvidia("gpu-l40s-1", "zone-b", "NVIDIA-L40S", "ada-lovelace", "8.9", 46068, 4, cpu: 64, memoryGi: 512),
        Ascend("npu-ascend-1", "zone-a"),
        Hami("gpu-hami-1", "zone-a"),
        Volcano("gpu-volcano-1", "zone-b"),
        Node("cpu-1", "zone-a", cpu: 64, memoryGi: 256),
        Node("cpu-2", "zone-b", cpu: 64, memoryGi: 256),
        Node("cpu-3", "zone-b", cpu: 32, memoryGi: 128),
    ];

    /// <summary>One of many that are alike but for their names.</summary>
    public static JsonObject Numbered(string name) => Nvidia(name, "zone-a", "NVIDIA-A100-SXM4-80GB", "ampere", "8.0", 81920, 16, cpu: 128, memoryGi: 1024);

    private static JsonObject Nvidia(string name, string zone, string product, string family, string compute, int memoryMiB, int count, int cpu, int memoryGi)
    {
        var node = Node(name, zone, cpu, memoryGi, diskGi: 3500);
        var labels = node["metadata"]!["labels"]!;
        labels["nvidia.com/cuda.driver-version.full"] = "550.127.05";
        labels["nvidia.com/gpu.compute.major"] = compute.Split('.')[0];
        labels["nvidia.com/gpu.compute.minor"] = compute.Split('.')[1];
        labels["nvidia.com/gpu.count"] = count.ToString(CultureInfo.InvariantCulture);
        labels["nvidia.com/gpu.family"] = family;
        labels["nvidia.com/gpu.memory"] = memoryMiB.ToString(CultureInfo.InvariantCulture);
        labels["nvidia.com/gpu.present"] = "true";
        labels["nvidia.com/gpu.product"] = product;
        labels["nvidia.com/gpu.replicas"] = "1";
        labels["nvidia.com/gpu.sharing-strategy"] = "none";
        labels["nvidia.com/mig.capable"] = family == "ampere" ? "true" : "false";
        labels["nvidia.com/mig.strategy"] = "single";
        Resource(node, "nvidia.com/gpu", count);
        return node;
    }

    // An A100 node whose cards are cut with the "mixed" strategy: slices are resources of their own.
    private static JsonObject Mig(string name, string zone)
    {
        var node = Nvidia(name, zone, "NVIDIA-A100-SXM4-80GB", "ampere", "8.0", 81920, 4, cpu: 64, memoryGi: 512);
        var labels = node["metadata"]!["labels"]!;
        labels["nvidia.com/mig.config"] = "custom";
        labels["nvidia.com/mig.config.state"] = "success";
        labels["nvidia.com/mig.strategy"] = "mixed";
        foreach (var (profile, count, memory, processors) in (ReadOnlySpan<(string, int, string, string)>)[("1g.10gb", 14, "9728", "14"), ("3g.40gb", 4, "40192", "42")])
        {
            labels[$"nvidia.com/mig-{profile}.count"] = count.ToString(CultureInfo.InvariantCulture);
            labels[$"nvidia.com/mig-{profile}.memory"] = memory;
            labels[$"nvidia.com/mig-{profile}.multiprocessors"] = processors;
            Resource(node, $"nvidia.com/mig-{profile}", count);
        }

        Resource(node, "nvidia.com/gpu", 0);
        return node;
    }

    // Two cards in ten shares each; HAMi tells the cards in an annotation and only the number of shares as a resource.
    private static JsonObject Hami(string name, string zone)
    {
        var node = Nvidia(name, zone, "NVIDIA-L40S", "ada-lovelace", "8.9", 46068, 2, cpu: 48, memoryGi: 256);
        node["metadata"]!["labels"]!["gpu"] = "on";
        var annotations = node["metadata"]!["annotations"]!;
        annotations["hami.io/node-handshake"] = "Reported 2026-11-23 18:55:01.123456789 +0000 UTC m=+86400.000000001";
        annotations["hami.io/node-nvidia-register"] = string.Concat(Cards("3f2b7a", 2).Select((card, i) => $"{card},10,46068,100,NVIDIA-NVIDIA L40S,{i},true:"));
        WithoutWholeCards(node);
        Resource(node, "nvidia.com/vgpu", 20);
        return node;
    }

    private static JsonObject Volcano(string name, string zone)
    {
        var node = Nvidia(name, zone, "NVIDIA-A100-SXM4-80GB", "ampere", "8.0", 81920, 2, cpu: 48, memoryGi: 256);
        var annotations = node["metadata"]!["annotations"]!;
        annotations["volcano.sh/node-vgpu-handshake"] = "Reported 2026-11-23 18:55:03";
        annotations["volcano.sh/node-vgpu-register"] = string.Concat(Cards("9be1c0", 2).Select(card => $"{card},10,81920,NVIDIA-NVIDIA A100-SXM4-80GB,true,hami-core:"));
        WithoutWholeCards(node);
        Resource(node, "volcano.sh/vgpu-cores", 200);
        Resource(node, "volcano.sh/vgpu-memory", 163840);
        Resource(node, "volcano.sh/vgpu-number", 20);
        return node;
    }

    private static IEnumerable<string> Cards(string start, int count) =>
        Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"GPU-{start}{i:00}-7c1a-4f0e-9d55-0242ac12{i:0000}"));

    private static void WithoutWholeCards(JsonObject node)
    {
        foreach (var part in (ReadOnlySpan<string>)["capacity", "allocatable"])
        {
            node["status"]![part]!.AsObject().Remove("nvidia.com/gpu");
        }
    }

    private static JsonObject Ascend(string name, string zone)
    {
        var node = Node(name, zone, cpu: 192, memoryGi: 1536, diskGi: 3500, architecture: "arm64");
        var labels = node["metadata"]!["labels"]!;
        labels["accelerator"] = "huawei-Ascend910";
        labels["accelerator/huawei-npu"] = "ascend-1980";
        labels["host-arch"] = "huawei-arm";
        labels["node.kubernetes.io/npu.chip.name"] = "910B3";
        labels["servertype"] = "soc";
        labels["workerselector"] = "dls-worker-node";
        node["spec"]!["taints"] = new JsonArray(new JsonObject { ["key"] = "npu", ["value"] = "ascend", ["effect"] = "NoSchedule" });
        Resource(node, "huawei.com/Ascend910", 8);
        return node;
    }

    private static JsonObject Node(string name, string zone, int cpu, int memoryGi, int diskGi = 890, string architecture = "amd64")
    {
        var node = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject
                {
                    ["beta.kubernetes.io/arch"] = architecture,
                    ["beta.kubernetes.io/os"] = "linux",
                    ["kubernetes.io/arch"] = architecture,
                    ["kubernetes.io/hostname"] = name,
                    ["kubernetes.io/os"] = "linux",
                    ["topology.kubernetes.io/region"] = "region-1",
                    ["topology.kubernetes.io/zone"] = zone,
                },
                ["annotations"] = new JsonObject { ["node.alpha.kubernetes.io/ttl"] = "0" },
            },
            ["spec"] = new JsonObject { ["podCIDR"] = "10.42.0.0/16" },
            ["status"] = new JsonObject
            {
                ["capacity"] = new JsonObject
                {
                    ["cpu"] = cpu.ToString(CultureInfo.InvariantCulture),
                    ["ephemeral-storage"] = $"{(long)diskGi * 1024 * 1024}Ki",
                    ["hugepages-1Gi"] = "0",
                    ["hugepages-2Mi"] = "0",
                    ["memory"] = $"{(long)memoryGi * 1024 * 1024}Ki",
                    ["pods"] = "110",
                },
                // What the system keeps for itself: 0.2 cores, 600 MiB, a tenth of the disk less change.
                ["allocatable"] = new JsonObject
                {
                    ["cpu"] = $"{(cpu * 1000) - 200}m",
                    ["ephemeral-storage"] = ((long)(diskGi * 0.9) * 1024 * 1024 * 1024).ToString(CultureInfo.InvariantCulture),
                    ["hugepages-1Gi"] = "0",
                    ["hugepages-2Mi"] = "0",
                    ["memory"] = $"{((long)memoryGi * 1024 * 1024) - 614400}Ki",
                    ["pods"] = "110",
                },
            },
        };
        return node;
    }

    private static void Resource(JsonObject node, string name, int count)
    {
        foreach (var part in (ReadOnlySpan<string>)["capacity", "allocatable"])
        {
            node["status"]![part]![name] = count.ToString(CultureInfo.InvariantCulture);
        }
    }
}
