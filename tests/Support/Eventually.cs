namespace Runner.Tests.Support;

/// <summary>Waits for something observable. Polls, because what is waited for lives in another process, thread or program.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns once the condition holds; fails the test after <paramref name="seconds"/>, saying what was waited for.</summary>
    public static Task TrueAsync(Func<bool> condition, string what, double seconds = 10) =>
        TrueAsync(() => Task.FromResult(condition()), what, seconds);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, double)"/>
    /// <param name="what">Made only when it is needed, so that it can tell how things stand then.</param>
    public static async Task TrueAsync(Func<bool> condition, Func<string> what, double seconds = 10)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started).TotalSeconds > seconds)
            {
                Assert.Fail($"Waited {seconds} s in vain: {what()}.");
            }

            await Task.Delay(Pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, double)"/>
    public static Task TrueAsync(Func<Task<bool>> condition, string what, double seconds = 10) => TrueAsync(condition, () => what, seconds);

    /// <inheritdoc cref="TrueAsync(Func{bool}, Func{string}, double)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what, double seconds = 10)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started).TotalSeconds > seconds)
            {
                Assert.Fail($"Waited {seconds} s in vain: {what()}.");
            }

            await Task.Delay(Pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
