using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Has the object that carries a workload there, in place of whatever has its name. Before something is told to go for that, what is to come is noted (<see cref="ReplacementNotes"/>): a
/// process that dies in between does not leave nothing of either.
/// </summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed partial class CarrierMaker(RunnerOptions options, ReplacementNotes notes, WorkloadFeed feed, TimeProvider time, ILogger logger)
{
    /// <param name="note">What is to come; written already where that is finished what a process that died has begun.</param>
    /// <param name="secret">What the carrier owns; null for nothing, or where its content is not known any more.</param>
    /// <param name="put">Has the carrier there; told what to call before anything is told to go.</param>
    /// <param name="remove">Takes away what was put, and nothing else.</param>
    /// <returns>The carrier, and whether it was made by this call.</returns>
    /// <exception cref="ClusterOperationException">The old one does not go, or somebody has stopped the workload meanwhile.</exception>
    public async Task<(T Carrier, bool IsNew)> MakeAsync<T>(
        ClusterConnection cluster, NotedReplacement note, V1Secret? secret, Func<Func<Task>, Task<(T Carrier, bool IsNew)>> put, Func<T, Task> remove)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var isFinishing = IsWritten(note);
        (T Carrier, bool IsNew) made;
        try
        {
            made = await put(() => NoteAsync(note)).ConfigureAwait(false);
            await OwnAsync(cluster, note, secret, made.Carrier).ConfigureAwait(false);
            if (made.IsNew && notes.Find(KeyOf(note)) is not null)
            {
                // What the note tells of counts until the watch tells of the carrier: in between there would be nothing.
                await feed.WaitForAsync(KeyOf(note), made.Carrier.Metadata.Uid, time, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch when (!isFinishing)
        {
            // The caller is told, and nothing is done behind his back any more.
            await EndAsync(note).ConfigureAwait(false);
            throw;
        }

        if (!await EndAsync(note).ConfigureAwait(false) && made.IsNew)
        {
            await remove(made.Carrier).ConfigureAwait(false);
            throw new ClusterOperationException($"{note.What} was not created: it was stopped while the one before it made room.");
        }

        await ForgetProblemAsync(note).ConfigureAwait(false);
        return made;
    }

    private WorkloadKey KeyOf(NotedReplacement note) => new(note.Cluster, note.Kind, options.WorkloadNamespace, note.Name);

    private static bool IsWritten(NotedReplacement note) => note.Id.Length > 0;

    private async Task NoteAsync(NotedReplacement note)
    {
        if (IsWritten(note))
        {
            return;
        }

        try
        {
            await notes.AddAsync(note).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new ClusterOperationException($"{note.What} was not replaced, and the old one stays: what is to come could not be noted before. {exception.Message} Ask again.", exception);
        }
    }

    /// <returns>False when somebody has stopped the workload meanwhile.</returns>
    private async Task<bool> EndAsync(NotedReplacement note)
    {
        try
        {
            return !IsWritten(note) || await notes.EndAsync(note.Id).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            LogNoteStays(note.What, note.Cluster, exception.Message);
            return true;
        }
    }

    /// <summary>What was not made earlier is of no interest any more.</summary>
    private async Task ForgetProblemAsync(NotedReplacement note)
    {
        try
        {
            await notes.ForgetProblemAsync(KeyOf(note)).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            LogNoteStays(note.What, note.Cluster, exception.Message);
        }
    }

    private async Task OwnAsync(ClusterConnection cluster, NotedReplacement note, V1Secret? secret, IKubernetesObject<V1ObjectMeta> carrier)
    {
        var secrets = new EnvironmentSecrets(cluster, options.WorkloadNamespace, time);
        await secrets.OwnAsync(secret, carrier, CancellationToken.None).ConfigureAwait(false);
        if (secret is null && note.Secret is { } name && !await secrets.OwnAsync(name, carrier, CancellationToken.None).ConfigureAwait(false))
        {
            LogSecretMissing(note.What, cluster.Name, name);
        }
    }

    [LoggerMessage(LogLevel.Warning, "That {Workload} in cluster {Cluster} was replaced stays noted as under way; whoever finds it sees that it is done: {Problem}")]
    private partial void LogNoteStays(string workload, string cluster, string problem);

    [LoggerMessage(LogLevel.Error, "{Workload} in cluster {Cluster} cannot start: Secret {Secret} with its environment is gone. Run it again")]
    private partial void LogSecretMissing(string workload, string cluster, string secret);
}
