using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Api;

/// <summary>Calls of an API server, with a limit on how long one may take.</summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal abstract class ApiCalls(ClusterConnection cluster, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>How often a call is made while the API server fails for a moment, and until when another attempt begins.</summary>
    private const int Attempts = 4;
    private static readonly TimeSpan LastAttempt = TimeSpan.FromSeconds(5);
    private static readonly Backoff Pause = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1));

    /// <summary>For sentences about it.</summary>
    protected string ClusterName => cluster.Name;

    protected TimeProvider Time => time;

    /// <summary>Whether a call is made again when the API server fails for a moment: not where whoever calls does so himself, and better.</summary>
    protected virtual bool TriesAgain => true;

    /// <returns>Null when the object does not exist.</returns>
    protected async Task<T?> UnlessMissingAsync<T>(Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await CallAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException missing) when (missing.Code == 404)
        {
            return null;
        }
    }

    /// <returns>What was created, or null when one of that name exists.</returns>
    protected async Task<T?> UnlessExistsAsync<T>(Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await CallAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException exists) when (exists is { Code: 409, Reason: "AlreadyExists" })
        {
            return null;
        }
    }

    /// <summary>Deletes an object; nothing when it is gone already.</summary>
    /// <param name="preconditions">Null for whichever has the name.</param>
    /// <returns>False when the preconditions do not hold, and nothing was deleted.</returns>
    protected async Task<bool> DeleteIfAsync<T>(Func<IKubernetes, V1DeleteOptions?, CancellationToken, Task<T>> call, V1Preconditions? preconditions, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await UnlessMissingAsync((client, token) => call(client, preconditions is null ? null : new() { Preconditions = preconditions }, token), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ApiStatusException conflict) when (conflict.Code == 409 && preconditions is not null)
        {
            return false;
        }
    }

    /// <summary>Makes a call, again when the API server fails for a moment: who asks for a workload only once must not be refused it for that. What is called must bear to be carried out twice.</summary>
    protected async Task<T> CallAsync<T>(Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await OnceAsync(call, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (TriesAgain && attempt < Attempts && time.GetElapsedTime(began) < LastAttempt && ClusterProblem.MayPass(exception))
            {
                // Carried out or not: the next attempt shows.
            }

            await Task.Delay(Pause.Delay(attempt), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<T> OnceAsync<T>(Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var answer = await call(cluster.Client, either.Token).ConfigureAwait(false);
            cluster.Contacted();
            return answer;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer within {Patience.TotalSeconds} s");
        }
        catch (HttpOperationException refusal) when (refusal.Response is { } response)
        {
            throw ToException((int)response.StatusCode, response.Content ?? "");
        }
    }

    private static ApiStatusException ToException(int code, string content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            return RawApi.ToException(json.RootElement, code);
        }
        catch (JsonException)
        {
            return new ApiStatusException(code, "", $"the API server answered {code}");
        }
    }
}
