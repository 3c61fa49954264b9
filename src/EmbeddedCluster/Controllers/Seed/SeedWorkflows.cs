using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Seed;

/// <summary>Argo Workflows as the runner creates them: an evaluation that ends soon, and a finetune that goes on.</summary>
internal static class SeedWorkflows
{
    public static IEnumerable<JsonObject> All() =>
    [
        Workflow("eval-qwen25-mmlu", "evaluation", "wanghh", "acme/Qwen2.5-7B-Instruct", "opencompass:0.4.2", behaviour: null),
        Workflow("finetune-llama3-medical", "finetune", "zhoul", "zhoul/Llama-3-8B-ft", "llama-factory:0.9.3", behaviour: "running"),
    ];

    /// <param name="behaviour">How its container fares; null: it ends by itself.</param>
    private static JsonObject Workflow(string name, string taskType, string user, string repository, string image, string? behaviour)
    {
        var fullImage = $"registry.example.com/opencsghq/{image}";
        var resources = new JsonObject { ["cpu"] = "2", ["memory"] = "4Gi" };
        var environment = new JsonArray(Variable("MODEL_IDS", repository), Variable("NVIDIA_VISIBLE_DEVICES", "none"));
        if (behaviour is not null)
        {
            environment.Add(Variable("EMBEDDED_BEHAVIOUR", behaviour));
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = "spaces",
                ["labels"] = new JsonObject { ["workflow-scope"] = "csghub" },
                ["annotations"] = new JsonObject
                {
                    ["Username"] = user,
                    ["UserUUID"] = $"7b1f0f5e-6a0e-4c8b-9d53-{(user == "wanghh" ? 201 : 202):d12}",
                    ["TaskName"] = name,
                    ["TaskId"] = name,
                    ["TaskType"] = taskType,
                    ["RepoIds"] = repository,
                    ["RepoType"] = "model",
                    ["Image"] = fullImage,
                    ["Datasets"] = taskType == "evaluation" ? "cais/mmlu" : "zhoul/medical-questions",
                    ["ResourceId"] = "7",
                    ["ResourceName"] = "CPU · 2 vCPU · 4 GB",
                    ["Namespace"] = "spaces",
                },
            },
            ["spec"] = new JsonObject
            {
                ["entrypoint"] = taskType,
                ["serviceAccountName"] = "executor",
                ["priority"] = 3,
                ["podMetadata"] = new JsonObject
                {
                    ["labels"] = new JsonObject { ["csghub_log_label_type"] = "deploy", ["csghub_deploy_id"] = name, ["csghub_deploy_type_id"] = name },
                },
                ["templates"] = new JsonArray(new JsonObject
                {
                    ["name"] = taskType,
                    ["container"] = new JsonObject
                    {
                        ["image"] = fullImage,
                        ["env"] = environment,
                        ["resources"] = new JsonObject { ["requests"] = resources, ["limits"] = resources.DeepClone() },
                    },
                    ["outputs"] = new JsonObject
                    {
                        ["parameters"] = new JsonArray(new JsonObject { ["name"] = "result", ["valueFrom"] = new JsonObject { ["path"] = "/tmp/output.txt" } }),
                    },
                }),
            },
        };
    }

    private static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };
}
