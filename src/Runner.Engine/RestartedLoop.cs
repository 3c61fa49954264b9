namespace Runner.Engine;

/// <summary>A loop that is meant to run as long as the process: what it throws is told and it begins anew after a pause, so that it cannot die silently.</summary>
internal static class RestartedLoop
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="loop"/> until it returns by itself or <paramref name="cancellationToken"/> is cancelled; throws neither then nor before.</summary>
    /// <param name="loop">What is run, and run again after it threw.</param>
    /// <param name="ended">Is told each time what was thrown.</param>
    /// <param name="time">Measures the pause of one second before the loop is started again.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
    public static async Task RunAsync(Func<CancellationToken, Task> loop, Action<Exception> ended, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await loop(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A loop must not die silently; it is started again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                ended(exception);
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
