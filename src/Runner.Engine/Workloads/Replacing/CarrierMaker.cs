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
internal sealed partial class CarrierMaker(RunnerOptions options, ReplacementNotes notes, ReplacementSettling settling, TimeProvider time, ILogger<CarrierMaker> logger)
{
    /// <param name="note">What is to come; written already where that is finished what a process that died has begun.</param>
    /// <returns>The carrier, and whether it was made by this call.</returns>
    /// <exception cref="ClusterOperationException">The old one does not go, or somebody has stopped the workload meanwhile.</exception>
    public async Task<(T Carrier, bool IsNew)> MakeAsync<T>(ClusterConnection cluster, NotedReplacement note, CarrierSteps<T> steps)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var isFinishing = IsWritten(note);
        (T Carrier, bool IsNew) made;
        try
        {
            made = await steps.Put(uid => NoteAsync(note, uid)).ConfigureAwait(false);
            await OwnAsync(cluster, note, steps, made.Carrier).ConfigureAwait(false);
        }
        catch when (!isFinishing)
        {
            // The caller is told, and nothing is done behind his back any more.
            await TryAsync(
                note,
                async () =>
                {
                    await notes.EndAsync(note.Id).ConfigureAwait(false);
                    return true;
                }).ConfigureAwait(false);
            throw;
        }

        note.Made = made.Carrier.Metadata.Uid;
        if (!await TryAsync(note, () => notes.MadeAsync(note.Id, note.Made)).ConfigureAwait(false) && made.IsNew)
        {
            await steps.Remove(made.Carrier).ConfigureAwait(false);
            throw new ClusterOperationException($"{note.What} was not created: it was stopped while the one before it made room.");
        }

        if (made.IsNew)
        {
            await steps.Made(made.Carrier).ConfigureAwait(false);
        }

        await TryAsync(note, () => settling.SettleAsync(note)).ConfigureAwait(false);
        await ForgetProblemAsync(note).ConfigureAwait(false);
        return made;
    }

    /// <summary>Has the Secret of an environment go with the carrier that needs it.</summary>
    /// <param name="secret">Null for nothing, or where its content is not known any more.</param>
    /// <returns>False when it is gone.</returns>
    public async Task<bool> OwnAsync(ClusterConnection cluster, NotedReplacement note, V1Secret? secret, IKubernetesObject<V1ObjectMeta> carrier)
    {
        var secrets = new EnvironmentSecrets(cluster, options.WorkloadNamespace, time);
        await secrets.OwnAsync(secret, carrier, CancellationToken.None).ConfigureAwait(false);
        return secret is not null || note.Secret is not { } name || await secrets.OwnAsync(name, carrier, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>What cannot be owned now is left to those who look for what nobody owns: the workload is there, and nobody is to be told that it is not.</summary>
    private async Task OwnAsync<T>(ClusterConnection cluster, NotedReplacement note, CarrierSteps<T> steps, T carrier)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            if (!await steps.Own(carrier).ConfigureAwait(false))
            {
                LogSecretMissing(note.What, cluster.Name, note.Secret);
            }
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotOwned(note.What, cluster.Name, exception.Message);
        }
    }

    private static bool IsWritten(NotedReplacement note) => note.Id.Length > 0;

    private async Task NoteAsync(NotedReplacement note, string uid)
    {
        if (IsWritten(note))
        {
            return;
        }

        try
        {
            note.Replaces = uid;
            await notes.AddAsync(note).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            var what = note.IsFirst ? $"{note.What} was not created" : $"{note.What} was not replaced, and the old one stays";
            throw new ClusterOperationException($"{what}: what is to come could not be noted before. {exception.Message} Ask again.", exception);
        }
    }

    /// <summary>What was not made earlier is of no interest any more.</summary>
    private async Task ForgetProblemAsync(NotedReplacement note)
    {
        try
        {
            await notes.ForgetProblemAsync(note.KeyIn(options.WorkloadNamespace)).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            LogNoteStays(note.What, note.Cluster, exception.Message);
        }
    }

    /// <summary>Writes about what was noted.</summary>
    /// <returns>What <paramref name="write"/> says; true where nothing was noted, or where that could not be written, which the finisher tries again.</returns>
    private async Task<bool> TryAsync(NotedReplacement note, Func<Task<bool>> write)
    {
        try
        {
            return !IsWritten(note) || await write().ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            LogNoteStays(note.What, note.Cluster, exception.Message);
            return true;
        }
    }

    [LoggerMessage(LogLevel.Warning, "That {Workload} in cluster {Cluster} was replaced is still noted as under way; the note is removed when that can be written: {Problem}")]
    private partial void LogNoteStays(string workload, string cluster, string problem);

    [LoggerMessage(LogLevel.Warning, "What belongs to {Workload} in cluster {Cluster} alone will not go with it by itself: {Problem}")]
    private partial void LogNotOwned(string workload, string cluster, string problem);

    [LoggerMessage(LogLevel.Error, "{Workload} in cluster {Cluster} cannot start: Secret {Secret} that it needs is gone. Run it again")]
    private partial void LogSecretMissing(string workload, string cluster, string? secret);
}
