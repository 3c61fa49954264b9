using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Storage;

/// <summary>The head as the cluster has it.</summary>
/// <param name="ResourceVersion">What the next one is written against.</param>
/// <param name="Bytes">How long it is in its Secret.</param>
internal sealed record KnownHead(StateHead Head, string ResourceVersion, int Bytes);

/// <summary>The Secrets that hold the state, in the runner's namespace: the head, named <c>&lt;name&gt;-state</c>, and the parts beside it, all with the label <see cref="Label"/>.</summary>
/// <remarks>Throws what <see cref="ClusterProblem.IsFailure"/> knows, and <see cref="InvalidDataException"/> for what no runner of this version wrote.</remarks>
internal sealed class StateSecrets(ClusterConnection cluster, string @namespace, string name, TimeProvider time) : ApiCalls(cluster, time)
{
    public const string Label = "runner.opencsg.com/state";
    private const string Type = "runner.opencsg.com/state";
    private const string Key = "state";

    /// <summary>People sign in at one replica and go on at another: a watch that hangs must not be believed for long.</summary>
    private static readonly WatchSettings Watching = new() { WatchTimeout = TimeSpan.FromSeconds(30), WatchSilence = TimeSpan.FromSeconds(70) };

    private readonly ClusterConnection _cluster = cluster;
    private readonly TimeProvider _time = time;

    /// <summary>What is written depends on what was read, and there is little time for each step.</summary>
    protected override bool TriesAgain => false;

    public string HeadName => $"{name}-state";

    /// <returns>Null when there is none yet.</returns>
    public async Task<KnownHead?> ReadHeadAsync(CancellationToken cancellationToken) =>
        await UnlessMissingAsync((client, cancel) => client.CoreV1.ReadNamespacedSecretAsync(HeadName, @namespace, cancellationToken: cancel), cancellationToken).ConfigureAwait(false) is { } secret ? Known(secret) : null;

    /// <summary>Writes the head against the version that it was made from, or the first one.</summary>
    /// <param name="resourceVersion">Null where there is none yet.</param>
    /// <returns>Null when somebody else was faster.</returns>
    public async Task<KnownHead?> WriteHeadAsync(StateHead head, string? resourceVersion, CancellationToken cancellationToken)
    {
        var bytes = StateEncoding.Write(head);
        var secret = Secret(HeadName, bytes);
        secret.Metadata.ResourceVersion = resourceVersion;
        try
        {
            var written = await CallAsync(
                (client, cancel) => resourceVersion is null
                    ? client.CoreV1.CreateNamespacedSecretAsync(secret, @namespace, cancellationToken: cancel)
                    : client.CoreV1.ReplaceNamespacedSecretAsync(secret, HeadName, @namespace, cancellationToken: cancel),
                cancellationToken).ConfigureAwait(false);
            return new KnownHead(head, written.Metadata.ResourceVersion, bytes.Length);
        }
        catch (ApiStatusException conflict) when (conflict.Code == (int)HttpStatusCode.Conflict)
        {
            return null;
        }
    }

    public async Task WritePartAsync(string part, byte[] bytes, CancellationToken cancellationToken) =>
        await CallAsync((client, cancel) => client.CoreV1.CreateNamespacedSecretAsync(Secret(part, bytes), @namespace, cancellationToken: cancel), cancellationToken).ConfigureAwait(false);

    /// <returns>Null when it is not there, most likely because a newer whole took its place.</returns>
    public async Task<IReadOnlyList<StateEntry>?> ReadPartAsync(string part, CancellationToken cancellationToken) =>
        await UnlessMissingAsync((client, cancel) => client.CoreV1.ReadNamespacedSecretAsync(part, @namespace, cancellationToken: cancel), cancellationToken).ConfigureAwait(false) is { } secret
            ? StateEncoding.ReadEntries(Bytes(secret))
            : null;

    /// <summary>Removes parts that no head names any more.</summary>
    /// <param name="needed">Names of those that stay.</param>
    /// <param name="before">Younger ones stay too: whoever writes them may be about to name them.</param>
    public async Task RemovePartsAsync(IReadOnlySet<string> needed, DateTime before, CancellationToken cancellationToken)
    {
        var all = await CallAsync((client, cancel) => client.CoreV1.ListNamespacedSecretAsync(@namespace, labelSelector: $"{Label}={name}", cancellationToken: cancel), cancellationToken).ConfigureAwait(false);
        foreach (var part in all.Items.Where(part => part.Name() != HeadName && !needed.Contains(part.Name()) && part.CreationTimestamp() < before))
        {
            await UnlessMissingAsync((client, cancel) => client.CoreV1.DeleteNamespacedSecretAsync(part.Name(), @namespace, cancellationToken: cancel), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A cache of the head alone.</summary>
    public ResourceCache<V1Secret> Watch(ILogger logger) => new(_cluster, new("", "v1", "secrets", @namespace) { FieldSelector = $"metadata.name={HeadName}" }, Watching, _time, logger);

    /// <exception cref="InvalidDataException">No runner of this version wrote it.</exception>
    public static KnownHead Known(V1Secret secret)
    {
        var bytes = Bytes(secret);
        return new(StateEncoding.ReadHead(bytes), secret.Metadata.ResourceVersion, bytes.Length);
    }

    private static byte[] Bytes(V1Secret secret) =>
        secret.Data is { } data && data.TryGetValue(Key, out var bytes) ? bytes : throw new InvalidDataException($"the Secret {secret.Name()} has no key '{Key}'");

    private V1Secret Secret(string called, byte[] bytes) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = new V1ObjectMeta { Name = called, NamespaceProperty = @namespace, Labels = new Dictionary<string, string> { [Label] = name } },
        Type = Type,
        Data = new Dictionary<string, byte[]> { [Key] = bytes },
    };
}
