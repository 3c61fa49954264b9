using System.Text.Json;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Caches;

/// <summary>Waits, on a short watch of its own, until an object is gone: for kinds that no cache follows, and where a cache may lag.</summary>
internal sealed class GoneWatch(ClusterConnection cluster, TimeProvider time)
{
    /// <summary>Objects in etcd are at most some MB; the JSON of one is never longer.</summary>
    private const int MaxEventBytes = 32 * 1024 * 1024;

    /// <summary>How long one watch is relied on: one that stays open and brings nothing must not hide that the object has gone.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(3);

    /// <summary>Between two watches, when the first was cut: an API server that closes every watch must not be hammered.</summary>
    private static readonly TimeSpan AfterCut = TimeSpan.FromMilliseconds(200);

    /// <summary>Returns once the object, or the owner's object of that name, is gone, also when another one has taken the name.</summary>
    /// <param name="collection">Path of the kind: <c>apis/serving.knative.dev/v1/namespaces/spaces/routes</c>.</param>
    /// <param name="uid">UID of the object or of one of its owners.</param>
    /// <exception cref="ApiStatusException">The API server refuses to show the kind.</exception>
    public async Task WaitAsync(string collection, string name, string uid, CancellationToken cancellationToken)
    {
        var path = $"{collection}?fieldSelector={Uri.EscapeDataString($"metadata.name={name}")}";
        while (true)
        {
            if (await FindVersionAsync(path, uid, cancellationToken).ConfigureAwait(false) is not { } version)
            {
                return;
            }

            try
            {
                using var patience = new CancellationTokenSource(Watch, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
                if (await SeesItGoAsync($"{path}&watch=1&resourceVersion={version}", uid, either.Token).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Cut, or nothing came: looked at again.
            }

            await Task.Delay(AfterCut, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>The version to watch from, or null when there is nothing to wait for.</returns>
    private async Task<string?> FindVersionAsync(string path, string uid, CancellationToken cancellationToken)
    {
        using var answer = await RawApi.GetAsync(cluster.Client, path, cancellationToken).ConfigureAwait(false);
        using var list = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), cancellationToken: cancellationToken).ConfigureAwait(false);
        return list.RootElement.GetProperty("items").EnumerateArray().Any(item => IsOf(item, uid))
            ? list.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString()
            : null;
    }

    private async Task<bool> SeesItGoAsync(string path, string uid, CancellationToken cancellationToken)
    {
        using var answer = await RawApi.GetAsync(cluster.Client, path, cancellationToken).ConfigureAwait(false);
        using var lines = new LineReader(await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), MaxEventBytes);
        while (await lines.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            using var change = JsonDocument.Parse(line);
            switch (change.RootElement.GetProperty("type").GetString())
            {
                case "DELETED":
                case "ADDED" or "MODIFIED" when !IsOf(change.RootElement.GetProperty("object"), uid):
                    return true;
                case "ERROR":
                    return false;
            }
        }

        return false;
    }

    private static bool IsOf(JsonElement item, string uid) =>
        item.TryGetProperty("metadata", out var metadata)
        && ((metadata.TryGetProperty("uid", out var own) && own.ValueEquals(uid))
            || (metadata.TryGetProperty("ownerReferences", out var owners) && owners.EnumerateArray().Any(owner => owner.TryGetProperty("uid", out var owned) && owned.ValueEquals(uid))));
}
