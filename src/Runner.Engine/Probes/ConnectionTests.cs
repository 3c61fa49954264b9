using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.ObjectStore;
using Runner.Engine.Registry;

namespace Runner.Engine.Probes;

/// <summary>Tests of what the runner depends on outside of its clusters, and the credentials they are made with.</summary>
public sealed class ConnectionTests(RunnerOptions options, ClusterDirectory clusters, TimeProvider time)
{
    /// <summary>The registry as the settings and the default cluster's pull secret have it.</summary>
    /// <exception cref="ConnectionTestException">The cluster does not tell; the message says why and what to try.</exception>
    public async Task<RegistryTarget> RegistryTargetAsync(CancellationToken cancellationToken)
    {
        var target = RegistryTarget.Of(options);
        if (options.Services.ImagePullSecret.Length == 0 || RegistryAddress.Parse(target.Address, target.PlainHttp) is not { } address)
        {
            return target;
        }

        var known = await AskAsync(secret => secret.ReadAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        return DockerConfig.Find(known ?? "", address) is { } credentials ? target with { UserName = credentials.UserName, Password = credentials.Password } : target;
    }

    /// <summary>The object store as the settings have it.</summary>
    public ObjectStoreTarget ObjectStoreTarget() => ObjectStore.ObjectStoreTarget.Of(options.ObjectStore);

    /// <summary>Tries a registry; tells of each step when it begins and when it ended.</summary>
    public IAsyncEnumerable<ProbeStep> TestAsync(RegistryTarget target, CancellationToken cancellationToken) => new RegistryTest(target, time).RunAsync(cancellationToken);

    /// <summary>Tries an object store; tells of each step when it begins and when it ended.</summary>
    public IAsyncEnumerable<ProbeStep> TestAsync(ObjectStoreTarget target, CancellationToken cancellationToken) => new ObjectStoreTest(target, time).RunAsync(cancellationToken);

    /// <summary>Keeps the target's credentials in the default cluster's pull secret; those of other registries stay.</summary>
    /// <exception cref="ConnectionTestException">There is no pull secret configured, the address is none, or the cluster refuses.</exception>
    public async Task SaveCredentialsAsync(RegistryTarget target, CancellationToken cancellationToken)
    {
        if (options.Services.ImagePullSecret.Length == 0 || RegistryAddress.Parse(target.Address, target.PlainHttp) is not { } address)
        {
            throw new ConnectionTestException(new(
                "There is no pull secret to keep them in. Name one with STARHUB_SERVER_DOCKER_IMAGE_PULL_SECRET, and the registry with STARHUB_SERVER_DOCKER_REG_BASE.",
                "没有可保存凭据的拉取密钥。请用 STARHUB_SERVER_DOCKER_IMAGE_PULL_SECRET 指定密钥，用 STARHUB_SERVER_DOCKER_REG_BASE 指定仓库。"));
        }

        await AskAsync(
            async secret =>
            {
                await secret.SaveAsync(address, target.UserName, target.Password, cancellationToken).ConfigureAwait(false);
                return "";
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> AskAsync<T>(Func<PullSecret, Task<T>> call, CancellationToken cancellationToken)
    {
        var cluster = clusters.Connections[0];
        try
        {
            return await call(new PullSecret(cluster, options.WorkloadNamespace, options.Services.ImagePullSecret, time)).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, cancellationToken))
        {
            var secret = $"Secret {options.WorkloadNamespace}/{options.Services.ImagePullSecret}";
            throw new ConnectionTestException(new LocalText($"{secret}:", $"{secret}：").Then(ClusterProblem.Describe(exception, cluster.Name)));
        }
    }
}

/// <summary>A test or what belongs to it could not be carried out. The message says why and what to try; holds no secret.</summary>
public sealed class ConnectionTestException(LocalText problem) : Exception(problem.English), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}
