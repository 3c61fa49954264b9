using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Registry;
using Runner.Engine.Workloads;

namespace Runner.Engine.Diagnostics.Checks;

/// <summary>Checks of one cluster: it gathers evidence, from what the watches know wherever they know it; <see cref="ClusterRules"/> judges.</summary>
internal sealed class ClusterChecks(ClusterConnection cluster, RunnerOptions options, LiveSettings settings, CapacityFeed capacity, WorkloadFeed feed, TimeProvider time)
    : ApiCalls(cluster, time)
{
    private readonly ClusterConnection _cluster = cluster;

    public IEnumerable<Check> All() =>
    [
        Of(CheckId.Cluster, _ => Task.FromResult(ClusterRules.Connection(_cluster.Status))),
        Of(CheckId.Permissions, PermissionsAsync),
        Of(CheckId.Knative, _ => Kind("services.serving.knative.dev", required: true)),
        Of(CheckId.Argo, _ => Kind("workflows.argoproj.io", required: true)),
        Of(CheckId.LeaderWorkerSets, _ => Kind("leaderworkersets.leaderworkerset.x-k8s.io", required: false)),
        Of(CheckId.Sandboxes, _ => Kind("sandboxes.agents.x-k8s.io", required: false)),
        Of(CheckId.GpuLabels, _ => Task.FromResult(ClusterRules.Labels(capacity.Of(_cluster.Name)))),
        Of(CheckId.GpuDrivers, _ => Task.FromResult(ClusterRules.Drivers(capacity.Of(_cluster.Name)))),
        Of(CheckId.GpuWaiting, _ => Task.FromResult(ClusterRules.Waiting(Workloads()))),
        Of(CheckId.PullSecret, PullSecretAsync),
        Of(CheckId.ImagePulls, _ => Task.FromResult(ClusterRules.ImagePulls(Workloads()))),
        Of(CheckId.StorageClass, StorageClassAsync),
    ];

    private Check Of(CheckId id, Func<CancellationToken, Task<Verdict>> run) => new(id, _cluster.Name, run);

    private IEnumerable<Workload> Workloads() => feed.Current.Values.Where(workload => workload.Key.Cluster == _cluster.Name);

    private Task<Verdict> Kind(string resource, bool required) =>
        Task.FromResult(ClusterRules.Kind(resource, _cluster.State.Caches.FirstOrDefault(cache => cache.Resource == resource), required));

    private async Task<Verdict> PermissionsAsync(CancellationToken cancellationToken)
    {
        var answers = new List<PermissionAnswer>();
        foreach (var permission in Permission.Needed(options))
        {
            var review = new V1SelfSubjectAccessReview
            {
                Spec = new()
                {
                    ResourceAttributes = new()
                    {
                        Group = permission.Group, Resource = permission.Resource, Subresource = permission.Subresource, Verb = permission.Verb, NamespaceProperty = permission.Namespace,
                        Name = permission.Name,
                    },
                },
            };
            var answer = await CallAsync((client, token) => client.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(review, cancellationToken: token), cancellationToken).ConfigureAwait(false);
            answers.Add(new(permission, answer.Status?.Allowed == true));
        }

        return ClusterRules.Permissions(answers);
    }

    private async Task<Verdict> PullSecretAsync(CancellationToken cancellationToken)
    {
        if (options.Services.ImagePullSecret is not { Length: > 0 } name)
        {
            return Verdict.Skipped(CheckCause.SecretUnset);
        }

        var secret = await UnlessMissingAsync((client, token) => client.CoreV1.ReadNamespacedSecretAsync(name, options.WorkloadNamespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        var address = RegistryAddress.Parse(RegistryTarget.Of(options).Address, RegistryTarget.Of(options).PlainHttp);
        var holds = secret is not null && address is not null
            && DockerConfig.Find(secret.Data?.TryGetValue(DockerConfig.Key, out var bytes) == true ? System.Text.Encoding.UTF8.GetString(bytes) : "", address) is not null;
        return ClusterRules.PullSecret($"{options.WorkloadNamespace}/{name}", secret is not null, secret?.Type ?? "", address?.Authority, holds);
    }

    private async Task<Verdict> StorageClassAsync(CancellationToken cancellationToken)
    {
        using var answer = await RawApi.GetAsync(_cluster.Client, "apis/storage.k8s.io/v1/storageclasses", cancellationToken).ConfigureAwait(false);
        using var list = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), cancellationToken: cancellationToken).ConfigureAwait(false);
        var classes = list.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("metadata")).Select(metadata => (
            Name: metadata.GetProperty("name").GetString() ?? "",
            IsDefault: metadata.TryGetProperty("annotations", out var annotations) && annotations.TryGetProperty("storageclass.kubernetes.io/is-default-class", out var value) && value.GetString() == "true")).ToList();
        return ClusterRules.StorageClass(settings.Of(_cluster.Name).StorageClass, classes);
    }
}
