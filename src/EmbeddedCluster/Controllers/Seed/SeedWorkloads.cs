using System.Globalization;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Seed;

/// <summary>Knative Services as the runner creates them: one in each state an administrator meets.</summary>
internal static class SeedWorkloads
{
    public static IEnumerable<JsonObject> All() =>
    [
        Service("u-acme-qwen25-7b-demo", deployId: 101, deployType: 1, user: "wanghh", repository: "acme/Qwen2.5-7B-Instruct",
            image: "registry.example.com/opencsghq/vllm:v0.24.0", cpu: "8", memory: "46Gi", minScale: 1, gpus: 1),
        Service("u-acme-sketch-demo", deployId: 102, deployType: 0, user: "wanghh", repository: "acme/sketch-demo",
            image: "registry.example.com/acme/sketch-demo-space:0a1b2c3d4e", cpu: "2", memory: "4Gi", minScale: 0, gpus: 0),
        Service("u-zhou-llama-broken", deployId: 103, deployType: 1, user: "zhoul", repository: "zhoul/Llama-3-8B-ft",
            image: "registry.example.com/opencsghq/vllm:crash-loop", cpu: "8", memory: "46Gi", minScale: 1, gpus: 1),
        Service("u-chen-deepseek-r1", deployId: 104, deployType: 1, user: "chenj", repository: "chenj/DeepSeek-R1",
            image: "registry.example.com/opencsghq/vllm:v0.24.0", cpu: "64", memory: "640Gi", minScale: 1, gpus: 16),
    ];

    /// <summary>One of many that are alike but for their numbers.</summary>
    public static JsonObject Numbered(string name, int deployId) => Service(name, deployId, deployType: 1, user: "wanghh", repository: "acme/Qwen2.5-7B-Instruct",
        image: "registry.example.com/opencsghq/vllm:v0.24.0", cpu: "8", memory: "46Gi", minScale: 1, gpus: 1);

    private static JsonObject Service(
        string name, int deployId, int deployType, string user, string repository, string image, string cpu, string memory, int minScale, int gpus)
    {
        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        var isSpace = deployType == 0;
        var commit = $"{deployId:x8}5f0b02c75b57c5855da9ae460ce51323";
        var port = isSpace ? 7860 : 8000;
        var requests = new JsonObject { ["cpu"] = cpu, ["memory"] = memory, ["ephemeral-storage"] = "50Gi" };
        var podSpec = new JsonObject { ["containerConcurrency"] = 0, ["timeoutSeconds"] = 300, ["enableServiceLinks"] = false };
        var environment = new JsonArray(Variable("port", Text(port)), Variable("REPO_ID", repository), Variable("REVISION", commit));
        if (gpus > 0)
        {
            requests["nvidia.com/gpu"] = Text(gpus);
            podSpec["nodeSelector"] = new JsonObject { ["nvidia.com/gpu.product"] = "NVIDIA-A100-SXM4-80GB" };
        }
        else
        {
            environment.Add(Variable("NVIDIA_VISIBLE_DEVICES", "none"));
        }

        podSpec["containers"] = new JsonArray(new JsonObject
        {
            ["name"] = "user-container",
            ["image"] = image,
            ["imagePullPolicy"] = "Always",
            ["ports"] = new JsonArray(new JsonObject { ["containerPort"] = port, ["protocol"] = "TCP" }),
            ["env"] = environment,
            ["resources"] = new JsonObject { ["requests"] = requests, ["limits"] = requests.DeepClone() },
            ["readinessProbe"] = new JsonObject
            {
                ["httpGet"] = new JsonObject { ["path"] = "/", ["port"] = port },
                ["initialDelaySeconds"] = 10,
                ["periodSeconds"] = 10,
                ["failureThreshold"] = 3,
                ["successThreshold"] = 1,
                ["timeoutSeconds"] = 1,
            },
        });
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = "spaces",
                ["annotations"] = new JsonObject
                {
                    ["deploy_id"] = Text(deployId),
                    ["task_id"] = Text(deployId + 9000),
                    ["deploy_type"] = Text(deployType),
                    ["user_id"] = $"7b1f0f5e-6a0e-4c8b-9d53-{deployId:d12}",
                    ["deploy_sku"] = "",
                    ["order-detail-id"] = "0",
                    ["hub-deploy-user"] = user,
                    ["hub-res-name"] = repository,
                    ["hub-res-type"] = isSpace ? "space" : "model",
                    ["serving.knative.dev/creator"] = "system:serviceaccount:csghub:runner",
                    ["serving.knative.dev/lastModifier"] = "system:serviceaccount:csghub:runner",
                },
            },
            ["spec"] = new JsonObject
            {
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["annotations"] = new JsonObject
                        {
                            ["autoscaling.knative.dev/class"] = "kpa.autoscaling.knative.dev",
                            ["autoscaling.knative.dev/metric"] = "concurrency",
                            ["autoscaling.knative.dev/target"] = "5",
                            ["autoscaling.knative.dev/target-utilization-percentage"] = "90",
                            ["autoscaling.knative.dev/min-scale"] = Text(minScale),
                            ["autoscaling.knative.dev/max-scale"] = "1",
                            ["serving.knative.dev/progress-deadline"] = "10m",
                        },
                        ["labels"] = new JsonObject
                        {
                            ["csghub_log_label_type"] = "deploy",
                            ["csghub_deploy_id"] = Text(deployId),
                            ["csghub_deploy_type"] = Text(deployType),
                            ["csghub_deploy_task_id"] = Text(deployId + 9000),
                            ["csghub_deploy_commit_id"] = commit,
                        },
                    },
                    ["spec"] = podSpec,
                },
                ["traffic"] = new JsonArray(new JsonObject { ["latestRevision"] = true, ["percent"] = 100 }),
            },
        };
    }

    private static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };
}
