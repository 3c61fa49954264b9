using System.Runtime.CompilerServices;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Runner.Engine.Probes;

namespace Runner.Engine.ObjectStore;

/// <summary>Tries an object store the way workflows use it, step by step. Leaves nothing behind.</summary>
internal sealed class ObjectStoreTest(ObjectStoreTarget target, TimeProvider time)
{
    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(5);

    static ObjectStoreTest()
    {
        // The client would set its clock by the server's and hide what it should tell.
        Amazon.AWSConfigs.CorrectForClockSkew = false;
    }

    /// <summary>Tells of each step when it begins and when it ended; ends early when cancelled.</summary>
    public async IAsyncEnumerable<ProbeStep> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sequence = new ProbeSequence(time, [target.AccessKeySecret]);
        if (target.Address is not { } address)
        {
            var missing = new ProbePlan(ProbeStepId.Reach, _ => Task.FromResult(ProbeResult.Failed(ProbeFault.AddressMissing, "")));
            await foreach (var step in sequence.RunAsync([missing], cancellationToken).ConfigureAwait(false))
            {
                yield return step;
            }

            yield break;
        }

        var transport = new Transport(address.DnsSafeHost, address.Port, address.Scheme == "https", skipVerify: false);
        using var client = Client(address);
        var run = new Run(client, address, target);
        ProbePlan[] plan =
        [
            new(ProbeStepId.Reach, transport.ReachAsync),
            new(ProbeStepId.Tls, transport.TlsAsync),
            new(ProbeStepId.Style, run.StyleAsync),
            new(ProbeStepId.Signature, run.SignatureAsync),
            new(ProbeStepId.Bucket, run.BucketAsync),
            new(ProbeStepId.Region, run.RegionAsync),
            new(ProbeStepId.Write, run.WriteAsync),
            new(ProbeStepId.Read, run.ReadAsync),
            new(ProbeStepId.Delete, run.DeleteAsync, () => run.MayHaveLeftObject),
        ];
        try
        {
            await foreach (var step in sequence.RunAsync(plan, cancellationToken).ConfigureAwait(false))
            {
                yield return step;
            }
        }
        finally
        {
            if (run.MayHaveLeftObject)
            {
                // Whoever cancels between write and delete does not want the object to stay.
                using var patience = new CancellationTokenSource(CleanUpPatience, time);
                await ((Task)run.DeleteAsync(patience.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private AmazonS3Client Client(Uri address) => new(
        target.AccessKeyId.Length == 0 ? new AnonymousAWSCredentials() : new BasicAWSCredentials(target.AccessKeyId, target.AccessKeySecret),
        new AmazonS3Config
        {
            ServiceURL = address.AbsoluteUri,
            AuthenticationRegion = target.Region.Length > 0 ? target.Region : "us-east-1",
            ForcePathStyle = target.UsesPath,
            UseHttp = address.Scheme == "http",
            MaxErrorRetry = 0,
            AllowAutoRedirect = false,

            // Stores that only resemble the original know no other checksums than the ones they must.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    /// <summary>The steps that speak to the store, with what earlier ones found out.</summary>
    private sealed class Run(AmazonS3Client client, Uri address, ObjectStoreTarget target)
    {
        private const string Content = "written by a connection test of the CSGHub runner, safe to delete\n";

        private readonly string _key = $".csghub-runner-probe/{Guid.NewGuid():N}";

        /// <summary>From before the object is written until it is known to be gone.</summary>
        public bool MayHaveLeftObject { get; private set; }

        public async Task<ProbeResult> StyleAsync(CancellationToken cancellationToken)
        {
            if (target.Bucket.Length == 0)
            {
                return ProbeResult.Failed(ProbeFault.BucketUnnamed, "");
            }

            if (target.UsesPath)
            {
                return ProbeResult.Passed($"{address.Authority}/{target.Bucket}");
            }

            if (target.IsNumeric)
            {
                return ProbeResult.Failed(ProbeFault.PathStyleNeeded, "", address.Host);
            }

            var host = $"{target.Bucket}.{address.DnsSafeHost}";
            var reached = await new Transport(host, address.Port, tls: false, skipVerify: false).ReachAsync(cancellationToken).ConfigureAwait(false);
            return reached.Outcome == ProbeOutcome.Passed ? ProbeResult.Passed(host) : ProbeResult.Failed(ProbeFault.PathStyleNeeded, reached.Evidence, host);
        }

        public Task<ProbeResult> SignatureAsync(CancellationToken cancellationToken) => target.AccessKeyId.Length == 0
            ? Task.FromResult(ProbeResult.Failed(ProbeFault.CredentialsMissing, "", target.Endpoint))
            : TryAsync(ProbeFault.None, async () =>
            {
                await client.ListBucketsAsync(new ListBucketsRequest(), cancellationToken).ConfigureAwait(false);
                return ProbeResult.Passed(target.AccessKeyId);
            });

        public Task<ProbeResult> BucketAsync(CancellationToken cancellationToken) => TryAsync(ProbeFault.BucketDenied, async () =>
        {
            await client.ListObjectsV2Async(new() { BucketName = target.Bucket, MaxKeys = 1 }, cancellationToken).ConfigureAwait(false);
            return ProbeResult.Passed(target.Bucket);
        });

        public async Task<ProbeResult> RegionAsync(CancellationToken cancellationToken)
        {
            try
            {
                var location = await client.GetBucketLocationAsync(new GetBucketLocationRequest { BucketName = target.Bucket }, cancellationToken).ConfigureAwait(false);
                var region = location.Location?.Value is { Length: > 0 } told ? told : "us-east-1";
                return target.Region.Length == 0 || region == target.Region
                    ? ProbeResult.Passed(region)
                    : ProbeResult.Warned(ProbeFault.RegionWrong, region, target.Region);
            }
            catch (AmazonS3Exception)
            {
                // Not every store tells it, and not everybody may ask; the signature was taken with the configured one.
                return new(ProbeOutcome.NotNeeded, ProbeFault.RegionUnknown, target.Region);
            }
        }

        public Task<ProbeResult> WriteAsync(CancellationToken cancellationToken) => TryAsync(ProbeFault.WriteDenied, async () =>
        {
            MayHaveLeftObject = true;
            try
            {
                await client.PutObjectAsync(new() { BucketName = target.Bucket, Key = _key, ContentBody = Content, UseChunkEncoding = false }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonS3Exception)
            {
                MayHaveLeftObject = false;
                throw;
            }

            return ProbeResult.Passed(_key);
        });

        public Task<ProbeResult> ReadAsync(CancellationToken cancellationToken) => TryAsync(ProbeFault.ReadDenied, async () =>
        {
            using var answer = await client.GetObjectAsync(target.Bucket, _key, cancellationToken).ConfigureAwait(false);
            var buffer = new byte[Content.Length + 1];
            var length = await answer.ResponseStream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return Encoding.UTF8.GetString(buffer, 0, length) == Content
                ? ProbeResult.Passed($"{length} B")
                : ProbeResult.Failed(ProbeFault.ContentDiffers, $"{length} B", _key);
        });

        public async Task<ProbeResult> DeleteAsync(CancellationToken cancellationToken)
        {
            try
            {
                await client.DeleteObjectAsync(target.Bucket, _key, cancellationToken).ConfigureAwait(false);
                MayHaveLeftObject = false;
                return ProbeResult.Passed(_key);
            }
            catch (AmazonS3Exception refusal)
            {
                MayHaveLeftObject = false;
                return ProbeResult.Warned(ProbeFault.ObjectLeft, refusal.Message, _key);
            }
        }

        /// <param name="denied">What "access denied" means here; none where it shows that the signature was taken.</param>
        private async Task<ProbeResult> TryAsync(ProbeFault denied, Func<Task<ProbeResult>> step)
        {
            try
            {
                return await step().ConfigureAwait(false);
            }
            catch (AmazonS3Exception refusal)
            {
                var result = ObjectStoreFaults.Of(refusal.ErrorCode ?? "", refusal.Message, refusal.StatusCode, target, denied);
                return result.Fault == ProbeFault.None ? ProbeResult.Passed(target.AccessKeyId) : result;
            }
        }
    }
}
