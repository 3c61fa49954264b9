using Runner.Engine.Workloads.Services;

namespace Runner.Tests.Engine.Services;

public sealed class VolumeHoldsTests
{
    [Fact]
    public async Task A_volume_is_not_deleted_while_anybody_is_about_to_use_it()
    {
        var holds = new VolumeHolds();
        using (await holds.TakeAsync("a", "user-1"))
        {
            var second = await holds.TakeAsync("a", "user-1");
            second.Dispose();
            second.Dispose();
            Assert.Null(holds.TryDelete("a", "user-1"));
            Assert.NotNull(holds.TryDelete("a", "user-2"));
            Assert.NotNull(holds.TryDelete("b", "user-1"));
        }

        Assert.NotNull(holds.TryDelete("a", "user-1"));
    }

    [Fact]
    public async Task Who_comes_while_it_is_deleted_waits_and_then_has_it()
    {
        var holds = new VolumeHolds();
        var deletion = holds.TryDelete("a", "user-1")!;
        Assert.Null(holds.TryDelete("a", "user-1"));
        var taken = holds.TakeAsync("a", "user-1");
        Assert.False(taken.IsCompleted);

        deletion.Dispose();

        using var user = await taken;
        Assert.Null(holds.TryDelete("a", "user-1"));
    }
}
