using System.Runtime.ExceptionServices;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// What has a name making room for what is to have it. Once the old one was told to go, only time ends it: neither a caller who hangs up nor an API server that fails
/// for a moment may leave nothing of either.
/// </summary>
/// <param name="what">What is replaced, for a sentence that begins with it: <c>Service 'web'</c>.</param>
/// <param name="deadline">How long all of it may take.</param>
/// <param name="note">Called once, with the uid of the old one, before that is told to go: notes what is to come. What it throws leaves the old one where it is. Null for nothing.</param>
internal sealed class Replacement(string what, TimeSpan deadline, TimeProvider time, Func<string, Task>? note = null)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>True once the old one was told to go, or may have been, or a part of the new one may be there.</summary>
    public bool IsBegun { get; set; }

    /// <summary>To be called before the old one is told to go, and before the first part is made of what has several.</summary>
    /// <param name="uid">Of the old one; empty where nothing has the name.</param>
    public async Task BeginAsync(string uid)
    {
        if (!IsBegun && note is not null)
        {
            await note(uid).ConfigureAwait(false);
        }

        IsBegun = true;
    }

    /// <param name="work">Begun over when the cluster fails for a moment after <see cref="BeginAsync"/>.</param>
    /// <exception cref="ClusterOperationException">The old one does not go.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        using var patience = new CancellationTokenSource(deadline, time);
        Exception? problem = null;
        try
        {
            while (true)
            {
                try
                {
                    return await work(patience.Token).ConfigureAwait(false);
                }
                catch (Exception exception) when (IsBegun && (ClusterProblem.MayPass(exception) || exception is TimeoutException or ClusterUnreachableException))
                {
                    problem = exception;
                }

                await Task.Delay(Pause, time, patience.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            if (problem is not null)
            {
                ExceptionDispatchInfo.Throw(problem);
            }

            throw new ClusterOperationException(
                $"{what} was not created: the old one did not go within {deadline.TotalSeconds:0} s. See what keeps it, such as a finalizer or a pod that does not end, then ask again.");
        }
    }
}
