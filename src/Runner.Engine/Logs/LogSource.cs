using System.Globalization;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Clusters.Reading;

namespace Runner.Engine.Logs;

/// <summary>The log of one container of one pod, as the API server has it.</summary>
internal sealed class LogSource(ClusterConnection cluster, string @namespace, string pod, string container)
{
    private string PodPath => $"api/v1/namespaces/{Uri.EscapeDataString(@namespace)}/pods/{Uri.EscapeDataString(pod)}";

    public bool Connected => cluster.Status.Health == ClusterHealth.Connected;

    /// <summary>The pod as the watches know it, or null.</summary>
    public V1Pod? Known() => cluster.State.Pods.Find(@namespace, pod);

    /// <summary>The pod as the API server has it now, or null when it is gone.</summary>
    public async Task<V1Pod?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await RawApi.GetAsync(cluster.Client, PodPath, cancellationToken).ConfigureAwait(false);
            using var answer = new PageBuffer();
            await answer.ReadAsync(response, cancellationToken).ConfigureAwait(false);
            return ApiJson.Read(answer.Page, PodReader.Read);
        }
        catch (ApiStatusException exception) when (exception.Code == 404)
        {
            return null;
        }
    }

    /// <summary>Opens the log, each line with its time.</summary>
    /// <param name="since">Cut to whole seconds on the wire.</param>
    public Task<HttpResponseMessage> OpenAsync(bool follow, bool previous, int? tailLines, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var path = $"{PodPath}/log?container={Uri.EscapeDataString(container)}&timestamps=true";
        path += follow ? "&follow=true" : "";
        path += previous ? "&previous=true" : "";
        path += tailLines is { } tail ? string.Create(CultureInfo.InvariantCulture, $"&tailLines={tail}") : "";
        path += since is { } from ? $"&sinceTime={Uri.EscapeDataString(from.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))}" : "";
        return RawApi.GetAsync(cluster.Client, path, cancellationToken, ownConnection: true);
    }

    public ContainerPhase? PhaseIn(V1Pod known) => ContainerPhase.Of(known, container);

    /// <summary>Somebody got no answer.</summary>
    public void Suspect() => cluster.Suspect();

    public LogUnavailableException NoPod() => new(new LocalText(
        $"There is no pod '{pod}' in namespace '{@namespace}'. It may have been replaced: look at the workload's instances.",
        $"命名空间“{@namespace}”中没有 Pod“{pod}”。它可能已被替换：请查看工作负载的实例。"));

    public LogUnavailableException NoContainer() => new(new LocalText($"Pod '{pod}' has no container '{container}'.", $"Pod“{pod}”中没有容器“{container}”。"));

    public LogUnavailableException Unavailable(Exception exception) => new(new LocalText(
        $"The log of container '{container}' of pod '{pod}' cannot be read.", $"无法读取 Pod“{pod}”中容器“{container}”的日志。")
        .Then(exception is ApiStatusException refusal ? LocalText.Verbatim(refusal.Message) : ClusterProblem.Describe(exception, cluster.Name)));
}
