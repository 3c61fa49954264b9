using System.Diagnostics;

namespace Runner.Tests.Browser.Support;

/// <summary>Waits for something that will be so before a deadline.</summary>
public static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> otherwise, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            Assert.True(watch.Elapsed < patience, otherwise());
            await Task.Delay(50);
        }
    }
}
