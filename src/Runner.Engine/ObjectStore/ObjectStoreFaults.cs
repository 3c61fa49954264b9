using System.Net;
using Runner.Engine.Probes;

namespace Runner.Engine.ObjectStore;

/// <summary>Names what an object store's error means. Pure.</summary>
internal static class ObjectStoreFaults
{
    /// <param name="code">As in <c>&lt;Error&gt;&lt;Code&gt;NoSuchBucket&lt;/Code&gt;</c>; empty where the answer had none.</param>
    /// <param name="denied">What a plain "access denied" means at this step.</param>
    public static ProbeResult Of(string code, string message, HttpStatusCode status, ObjectStoreTarget target, ProbeFault denied)
    {
        var evidence = $"HTTP {(int)status}{(code.Length > 0 ? $", {code}" : "")}: {message}";
        return code switch
        {
            "InvalidAccessKeyId" or "InvalidAccessKey" => ProbeResult.Failed(ProbeFault.AccessKeyUnknown, evidence, target.AccessKeyId),
            "SignatureDoesNotMatch" => ProbeResult.Failed(ProbeFault.SecretWrong, evidence, target.AccessKeyId),
            "RequestTimeTooSkewed" => ProbeResult.Failed(ProbeFault.ClockSkew, evidence),
            "NoSuchBucket" => ProbeResult.Failed(ProbeFault.BucketMissing, evidence, target.Bucket),
            "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" or "PermanentRedirect" => ProbeResult.Failed(ProbeFault.RegionWrong, evidence, target.Region),
            "SecondLevelDomainForbidden" => ProbeResult.Failed(ProbeFault.VirtualHostNeeded, evidence, target.Endpoint),
            "AccessDenied" or "AllAccessDisabled" or "AccountProblem" => ProbeResult.Failed(denied, evidence, target.Bucket),
            _ when status == HttpStatusCode.Forbidden => ProbeResult.Failed(denied, evidence, target.Bucket),
            _ when status >= HttpStatusCode.InternalServerError => ProbeResult.Failed(ProbeFault.ServerFails, evidence, $"{(int)status}"),
            _ => ProbeResult.Failed(ProbeFault.Refused, evidence, $"{(int)status}"),
        };
    }
}
