using Runner.Tests.Engine.Storage;
using Xunit.MicrosoftTestingPlatform;

namespace Runner.Tests.Engine;

/// <summary>Runs the tests, or what a test needs as a process of its own.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (StorageChildProcess.IsWanted)
        {
            await StorageChildProcess.WriteUntilKilledAsync();
            return 1;
        }

        return await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
    }
}
