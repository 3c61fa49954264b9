using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Hub;

/// <summary>One thing that the hub should hear.</summary>
/// <param name="Settled">The cluster stayed so until the hub heard of it. What is not settled may be told or not.</param>
internal sealed record Expected(string Type, int Status, string Reason, long TaskId, bool Settled)
{
    public bool Matches(ReceivedEvent received) =>
        received.Type == Type && received.Status == Status && received.Reason == Reason && received.Root.GetProperty("data").GetProperty("task_id").GetInt64() == TaskId;
}

/// <summary>
/// Leads one Knative Service through random states by writing them to the API server, as Knative's controllers would. After each settled
/// state it waits until the hub has heard of it, in whichever process of the runner lives at the time.
/// </summary>
internal sealed class DrivenService(string name, IKubernetes cluster, RecordingHub hub, Random random)
{
    private const string Group = "serving.knative.dev";
    private const string Version = "v1";
    private const string Namespace = "spaces";

    private readonly List<Expected> _expected = [];
    private int _step;
    private long _task;

    public int Settled => _expected.Count(expected => expected.Settled);

    /// <summary>Goes on until told to stop, then deletes the service and waits until that was told.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        await CreateAsync(cancellationToken);
        await ToldAsync(cancellationToken);
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200)), TimeProvider.System, cancellationToken);
            switch (random.Next(10))
            {
                case 0:
                    await DeleteAsync(cancellationToken);
                    await ToldAsync(cancellationToken);
                    await CreateAsync(cancellationToken);
                    break;
                case 1:
                    // Replaced without a pause: still a stop and a create.
                    await DeleteAsync(cancellationToken);
                    await CreateAsync(cancellationToken);
                    break;
                case 2:
                    await FailAsync(settled: false, cancellationToken);
                    await FailAsync(settled: true, cancellationToken);
                    break;
                case 3 or 4:
                    await FailAsync(settled: true, cancellationToken);
                    await ToldAsync(cancellationToken);
                    await SleepAsync(cancellationToken);
                    break;
                default:
                    await FailAsync(settled: true, cancellationToken);
                    break;
            }

            await ToldAsync(cancellationToken);
        }

        await DeleteAsync(cancellationToken);
        await ToldAsync(cancellationToken);
    }

    /// <summary>
    /// Compares what the hub got with what it should have: every settled state exactly in order, nothing that never was, and repetitions
    /// only of the event just before, to the byte.
    /// </summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Verify()
    {
        var received = Received();
        var position = 0;
        for (var i = 0; i < received.Count; i++)
        {
            if (i > 0 && received[i].Body == received[i - 1].Body)
            {
                continue;
            }

            while (position < _expected.Count && !_expected[position].Settled && !_expected[position].Matches(received[i]))
            {
                position++;
            }

            if (position == _expected.Count || !_expected[position].Matches(received[i]))
            {
                return $"{name}: event {i} is {received[i].Body}, expected {(position == _expected.Count ? "nothing more" : _expected[position])}";
            }

            position++;
        }

        return position == _expected.Count ? null : $"{name}: never told {_expected[position]}";
    }

    private List<ReceivedEvent> Received() => [.. hub.Taken.Where(received => received.Service == name)];

    private Task ToldAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var last = _expected[^1];
        return Eventually.TrueAsync(() => Received() is [.., var newest] && last.Matches(newest), $"{name}: {last}", seconds: 180);
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        _task++;
        var body = JsonNode.Parse($$$"""
            {"apiVersion":"{{{Group}}}/{{{Version}}}","kind":"Service",
             "metadata":{"name":"{{{name}}}","namespace":"{{{Namespace}}}","annotations":{"task_id":"{{{_task}}}","deploy_id":"1"}},
             "spec":{"template":{"spec":{"containers":[{"image":"registry.example.com/app:1"}] } } } }
            """)!;
        await cluster.CustomObjects.CreateNamespacedCustomObjectAsync(JsonSerializer.SerializeToElement(body), Group, Version, Namespace, "services", cancellationToken: cancellationToken);
        _expected.Add(new("runner.service.create", 20, "create", _task, Settled: true));
    }

    private async Task DeleteAsync(CancellationToken cancellationToken)
    {
        await cluster.CustomObjects.DeleteNamespacedCustomObjectAsync(Group, Version, Namespace, "services", name, cancellationToken: cancellationToken);
        _expected.Add(new("runner.service.stop", 26, "", _task, Settled: true));
    }

    private Task FailAsync(bool settled, CancellationToken cancellationToken)
    {
        var reason = $"Broken{++_step}";
        _expected.Add(new("runner.service.change", 21, reason, _task, settled));
        return ConditionAsync("False", reason, cancellationToken);
    }

    private Task SleepAsync(CancellationToken cancellationToken)
    {
        _expected.Add(new("runner.service.change", 25, "", _task, Settled: true));
        return ConditionAsync("True", "", cancellationToken);
    }

    private async Task ConditionAsync(string status, string reason, CancellationToken cancellationToken) => await cluster.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
        new V1Patch(
            new { status = new { conditions = new[] { new { type = "Ready", status, reason, message = $"step {_step}" } } } }, V1Patch.PatchType.MergePatch),
        Group, Version, Namespace, "services", name, cancellationToken: cancellationToken);
}
