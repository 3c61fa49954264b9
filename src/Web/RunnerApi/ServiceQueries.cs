using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.RunnerApi;

/// <summary>Calls that ask about services. Answered from memory: no call here asks a cluster anything.</summary>
internal sealed class ServiceQueries(ServiceOperations operations, ClusterDirectory clusters)
{
    private static readonly byte[] Deleted = Serialize(new StatusAnswer { Code = (int)DeployStatus.Stopped, Message = "service was deleted" });

    private static readonly byte[] NotThere = Serialize(new StatusAnswer { Code = (int)DeployStatus.Stopped, Message = "service not exist" });

    /// <summary>A workload never changes, a change is a new one: its answer is made once and lives as long as it.</summary>
    private readonly ConditionalWeakTable<Workload, byte[]> _statuses = [];

    public async Task StatusAsync(HttpContext context)
    {
        var workload = Find(context, await ReferenceAsync(context));
        await Answer.BytesAsync(context, StatusCodes.Status200OK, workload is null ? Deleted : _statuses.GetValue(workload, Status));
    }

    public async Task GetAsync(HttpContext context)
    {
        ServiceReference reference;
        try
        {
            reference = await ReferenceAsync(context);
        }
        catch (ApiException bad) when (bad.Status == StatusCodes.Status400BadRequest)
        {
            // The hub's own runner answers this call so.
            await Answer.ErrorAsync(context, StatusCodes.Status200OK, new CodedErrorAnswer(bad.Message, -1, bad.Message));
            return;
        }

        var answer = Find(context, reference) is not { } workload ? NotThere : Serialize(new StatusAnswer
        {
            DeployId = workload.DeployId,
            Code = (int)workload.Status,
            Message = workload.Key.Name,
            Endpoint = workload.Endpoint,
            Instances = Instances(workload),
        });
        await Answer.BytesAsync(context, StatusCodes.Status200OK, answer);
    }

    public async Task ReplicaAsync(HttpContext context)
    {
        var workload = Known(context, await ReferenceAsync(context));
        await Answer.OkAsync(
            context,
            new ReplicaAnswer(workload.DeployId, 1, workload.Key.Name, workload.ActualReplicas, workload.DesiredReplicas, Instances(workload)),
            Answer.Types.ReplicaAnswer);
    }

    public async Task InfoAsync(HttpContext context)
    {
        var workload = Known(context, await ReferenceAsync(context));
        await Answer.OkAsync(context, new InfoAnswer(workload.Key.Name, [.. Current(workload).Select(instance => instance.PodName)]), Answer.Types.InfoAnswer);
    }

    internal static ValueTask<ServiceReference> ReferenceAsync(HttpContext context) =>
        RequestBody.ReadAsync(context, RequestJson.Default.ServiceReference, mayBeEmpty: true);

    /// <summary>Instances the hub counts: those that have not been told to go.</summary>
    internal static IEnumerable<WorkloadInstance> Current(Workload workload) => workload.Instances.Where(instance => !instance.Terminating);

    private Workload Known(HttpContext context, ServiceReference reference) =>
        Find(context, reference) ?? throw new ApiException(StatusCodes.Status404NotFound, $"There is no service '{ServiceCalls.ServiceName(context)}'");

    private Workload? Find(HttpContext context, ServiceReference reference) =>
        operations.Find(clusters.Resolve(reference.ClusterId), ServiceCalls.ServiceName(context));

    private static byte[] Status(Workload workload)
    {
        var instances = Instances(workload);
        return Serialize(new StatusAnswer
        {
            DeployId = workload.DeployId,
            UserId = workload.UserId,
            Code = (int)workload.Status,
            Message = workload.Message,
            Endpoint = workload.Endpoint,
            Instances = instances,
            Replica = instances.Length,
            DeployType = workload.DeployType,
            ServiceName = workload.Key.Name,
            Sku = workload.Sku,
            OrderDetailId = workload.OrderDetailId,
            ActualReplica = workload.ActualReplicas,
            DesiredReplica = workload.DesiredReplicas,
            Reason = workload.Reason,
            Revisions =
            [
                .. workload.Revisions.Select(revision => new RevisionAnswer(
                    revision.Name, revision.CommitId, revision.TrafficPercent, workload.DeployType.ToString(CultureInfo.InvariantCulture))),
            ],
        });
    }

    private static InstanceAnswer[] Instances(Workload workload) =>
        [.. Current(workload).Select(instance => new InstanceAnswer(instance.PodName, instance.Status))];

    private static byte[] Serialize(StatusAnswer answer) => JsonSerializer.SerializeToUtf8Bytes(answer, Answer.Types.StatusAnswer);
}
