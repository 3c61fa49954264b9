using System.Globalization;
using System.Text.Json.Nodes;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host.Chaos;

/// <summary>What a workload is whose life is led.</summary>
internal enum Life
{
    Service,
    Evaluation,
    Dataflow,
    MultiHost,
    Build,
}

/// <summary>Leads one workload after another through its life, each of another kind, and knows what the hub must have heard of it.</summary>
/// <param name="truth">Tells of what the cluster has of a name, for a failure's text.</param>
internal sealed class Lives(int lane, IReadOnlyList<Life> kinds, HubCalls runner, RecordingHub hub, Func<string, string> truth)
{
    private const double Patience = 90;

    private readonly List<(string Name, Func<string?> Verify)> _lived = [];

    public int Count => _lived.Count;

    /// <summary>Goes on until told to stop; what has begun comes to its end.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        for (var turn = lane; !stop.IsCancellationRequested; turn++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"l{lane}-{turn}");
            await (kinds[turn % kinds.Count] switch
            {
                Life.Service => ServiceAsync("run-inference", name, cancellationToken),
                Life.Evaluation => WorkflowAsync(name, cancellationToken),
                Life.Dataflow => DataflowAsync(name, cancellationToken),
                Life.MultiHost => ServiceAsync("run-multihost", name, cancellationToken),
                _ => BuildAsync(name, cancellationToken),
            });
        }
    }

    public IEnumerable<string> Verify() => _lived.Select(life => life.Verify() is { } wrong ? $"{wrong}\n{truth(life.Name)}" : null).OfType<string>();

    private async Task ServiceAsync(string sample, string name, CancellationToken cancellationToken)
    {
        var request = Sample(sample);
        request["svc_name"] = name;
        Small(request["hardware"]!.AsObject(), replicas: sample == "run-multihost" ? 2 : 1);
        List<ReceivedEvent> Received() => [.. hub.Taken.Where(e => e.Service == name)];
        _lived.Add((name, () => LifeRules.OfService(name, Received())));
        await runner.UntilDoneAsync(HttpMethod.Post, $"service/{name}/run", request, cancellationToken);
        await HeardAsync(() => Received().Exists(e => e.Status == 23), $"{name} runs", name);
        await runner.UntilDoneAsync(HttpMethod.Post, $"service/{name}/stop", new JsonObject { ["svc_name"] = name }, cancellationToken);
        await HeardAsync(() => Received() is [.., { Type: "runner.service.stop" }], $"{name} is stopped", name);
    }

    private async Task WorkflowAsync(string name, CancellationToken cancellationToken)
    {
        var request = Sample("workflow-evaluation");
        request["task_id"] = name;
        foreach (var template in request["templates"]!.AsArray())
        {
            Small(template!["hardware"]!.AsObject());
        }

        await JobAsync("workflows", name, request, "runner.evaluation.", "task_id", cancellationToken);
    }

    private async Task DataflowAsync(string name, CancellationToken cancellationToken)
    {
        var request = Sample("dataflow-job");
        request["argo_task_id"] = name;
        Small(request["template"]!["hardware"]!.AsObject());
        await JobAsync("dataflow/jobs", name, request, "runner.dataflow.change", "task_id", cancellationToken);
        await runner.UntilDoneAsync(HttpMethod.Delete, $"dataflow/jobs/{name}?cluster_id=", new JsonObject(), cancellationToken);
        await HeardAsync(() => Of("runner.dataflow.delete", "task_id", name).Count > 0, $"{name} is deleted", name);
    }

    private async Task BuildAsync(string name, CancellationToken cancellationToken)
    {
        var request = Sample("image-build");
        var task = (lane * 100_000) + _lived.Count + 1;
        request["space_name"] = name;
        request["task_id"] = task;
        await JobAsync("imagebuilder/builder", name, request, "runner.builder.change", "task_id", cancellationToken, task.ToString(CultureInfo.InvariantCulture));
    }

    private async Task JobAsync(string path, string name, JsonObject request, string type, string idField, CancellationToken cancellationToken, string? id = null)
    {
        List<ReceivedEvent> Received() => Of(type, idField, id ?? name);
        _lived.Add((name, () => LifeRules.OfJob(name, Received(), mayBeginAnew: path.StartsWith("imagebuilder", StringComparison.Ordinal))));
        await runner.UntilDoneAsync(HttpMethod.Post, path, request, cancellationToken);
        await Eventually.TrueAsync(
            () => Received() is [.., var last] && LifeRules.Phase(last) == "Succeeded",
            () => $"the hub hears that {name} has succeeded; it heard {string.Join(", ", Received().Select(LifeRules.Phase))}; the cluster has {truth(name)}",
            Patience);
    }

    private List<ReceivedEvent> Of(string type, string idField, string id) =>
        [.. hub.Taken.Where(e => e.Type.StartsWith(type, StringComparison.Ordinal) && e.Root.GetProperty("data").TryGetProperty(idField, out var value) && value.ToString() == id)];

    private Task HeardAsync(Func<bool> heard, string what, string name) =>
        Eventually.TrueAsync(heard, () => $"the hub hears that {what}; it heard {string.Join(", ", hub.Taken.Where(e => e.Body.Contains(name, StringComparison.Ordinal)).Select(e => e.Type))}; the cluster has {truth(name)}", Patience);

    /// <summary>Asks for so little that there is room for all at once.</summary>
    private static void Small(JsonObject hardware, int replicas = 1)
    {
        hardware.Clear();
        hardware["cpu"] = new JsonObject { ["num"] = "100m" };
        hardware["memory"] = "64Mi";
        if (replicas > 1)
        {
            hardware["replicas"] = replicas;
        }
    }

    private static JsonObject Sample(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", name + ".json")))!.AsObject();
}
