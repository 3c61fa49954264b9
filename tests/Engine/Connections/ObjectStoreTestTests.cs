using System.Net;
using Runner.Engine.ObjectStore;
using Runner.Engine.Probes;

namespace Runner.Tests.Engine.Connections;

/// <summary>The object-store test against a real S3 server, each fault by its name.</summary>
public sealed class ObjectStoreTestTests(ObjectStoreTestTests.Store shared) : IClassFixture<ObjectStoreTestTests.Store>
{
    private const string Bucket = "csghub-test";

    [Fact]
    public async Task Right_settings_pass_every_step_and_leave_nothing_behind()
    {
        var steps = await RunAsync(Target(shared.Server));

        Assert.All(steps, step => Assert.True(step.Outcome is ProbeOutcome.Passed or ProbeOutcome.NotNeeded, $"{step.Id}: {step.Fault} {step.Evidence}"));
        Assert.Equal((ProbeOutcome.Passed, ProbeFault.None), Verdict(steps, ProbeStepId.Region));
        Assert.Equal(ProbeStepId.Delete, steps[^1].Id);
        Assert.Empty(Directory.EnumerateFiles(shared.Server.Folder, "*.data", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task What_is_wrong_with_keys_bucket_region_and_style_is_told_apart()
    {
        var right = Target(shared.Server);

        var secret = await RunAsync(right with { AccessKeySecret = "another" });
        var key = await RunAsync(right with { AccessKeyId = "test:nobody" });
        var region = await RunAsync(right with { Region = "us-east-1" });
        var bucket = await RunAsync(right with { Bucket = "another" });
        var style = await RunAsync(right with { BucketLookup = "dns" });
        var tls = await RunAsync(right with { Tls = true });

        Assert.Equal((ProbeOutcome.Failed, ProbeFault.SecretWrong), Verdict(secret, ProbeStepId.Signature));

        // This store tells of an unknown key no more than of a wrong secret.
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.SecretWrong), Verdict(key, ProbeStepId.Signature));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.RegionWrong), Verdict(region, ProbeStepId.Signature));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.BucketMissing), Verdict(bucket, ProbeStepId.Bucket));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.PathStyleNeeded), Verdict(style, ProbeStepId.Style));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.SpeaksHttp), Verdict(tls, ProbeStepId.Tls));
    }

    [Fact]
    public async Task What_an_account_may_not_do_and_a_clock_that_is_off_are_told()
    {
        await using var ahead = await OutsideServer.ObjectStoreAsync(Bucket, TimeSpan.FromHours(1));
        var right = Target(shared.Server);

        var stranger = await RunAsync(right with { AccessKeyId = "test:stranger" });
        var reader = await RunAsync(right with { AccessKeyId = "test:reader" });
        var late = await RunAsync(Target(ahead));

        Assert.Equal((ProbeOutcome.Passed, ProbeFault.None), Verdict(stranger, ProbeStepId.Signature));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.BucketDenied), Verdict(stranger, ProbeStepId.Bucket));
        Assert.Equal((ProbeOutcome.Passed, ProbeFault.None), Verdict(reader, ProbeStepId.Bucket));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.WriteDenied), Verdict(reader, ProbeStepId.Write));
        Assert.Equal((ProbeOutcome.Failed, ProbeFault.ClockSkew), Verdict(late, ProbeStepId.Signature));
    }

    // What the server above never says.
    [Theory]
    [InlineData("InvalidAccessKeyId", ProbeFault.AccessKeyUnknown)]
    [InlineData("IllegalLocationConstraintException", ProbeFault.RegionWrong)]
    [InlineData("SecondLevelDomainForbidden", ProbeFault.VirtualHostNeeded)]
    public void What_object_stores_answer_is_named(string code, ProbeFault fault)
    {
        var target = new ObjectStoreTarget("s3.example.com", "key", "secret", Bucket, "cn-north-1", Tls: true, "auto");

        Assert.Equal(fault, ObjectStoreFaults.Of(code, "as it says", HttpStatusCode.Forbidden, target, ProbeFault.BucketDenied).Fault);
    }

    private static ObjectStoreTarget Target(OutsideServer store) =>
        new($"127.0.0.1:{store.Port}", $"test:{OutsideServer.User}", OutsideServer.Password, Bucket, OutsideServer.Region, Tls: false, "auto");

    private static (ProbeOutcome, ProbeFault) Verdict(IEnumerable<ProbeStep> steps, ProbeStepId id)
    {
        var step = steps.Last(step => step.Id == id);
        return (step.Outcome, step.Fault);
    }

    private static async Task<List<ProbeStep>> RunAsync(ObjectStoreTarget target) =>
        await new ObjectStoreTest(target, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken).Where(step => step.Outcome != ProbeOutcome.Running).ToListAsync();

    /// <summary>One server for all tests: none changes what another looks at.</summary>
    public sealed class Store : IAsyncLifetime
    {
        internal OutsideServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await OutsideServer.ObjectStoreAsync(Bucket);

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
