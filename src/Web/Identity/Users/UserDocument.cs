using LiteDB;

namespace Runner.Web.Identity.Users;

/// <summary>An account as it is stored. Fields that came later may be missing.</summary>
internal static class UserDocument
{
    public static BsonDocument Of(ConsoleUser user) => new()
    {
        ["_id"] = user.Id,
        ["name"] = user.Name,
        ["role"] = user.Role.ToString(),
        ["stamp"] = user.SecurityStamp,
        ["hash"] = user.PasswordHash,
        ["configured"] = user.ConfiguredPasswordHash,
        ["created"] = user.CreatedAt.UtcDateTime,
        ["issuer"] = user.Issuer,
        ["disabled"] = user.Disabled,
        ["signedIn"] = user.LastSignIn is { } at ? at.UtcDateTime : BsonValue.Null,
        ["totp"] = user.TotpSecret,
        ["totpStep"] = user.TotpStep,
        ["recovery"] = new BsonArray(user.RecoveryHashes.Select(hash => new BsonValue(hash))),
    };

    public static ConsoleUser Read(BsonDocument document) => new()
    {
        Id = document["_id"].AsString,
        Name = document["name"].AsString,
        Role = Enum.Parse<ConsoleRole>(document["role"].AsString),
        SecurityStamp = document["stamp"].AsString,
        PasswordHash = document["hash"].AsString,
        ConfiguredPasswordHash = document["configured"].AsString,
        CreatedAt = Time(document["created"]),
        Issuer = document["issuer"] is { IsString: true } issuer ? issuer.AsString : "",
        Disabled = document["disabled"] is { IsBoolean: true } disabled && disabled.AsBoolean,
        LastSignIn = document["signedIn"] is { IsDateTime: true } at ? Time(at) : null,
        TotpSecret = document["totp"] is { IsString: true } secret ? secret.AsString : "",
        TotpStep = document["totpStep"] is { IsNumber: true } step ? step.AsInt64 : 0,
        RecoveryHashes = document["recovery"] is { IsArray: true } hashes ? [.. hashes.AsArray.Select(hash => hash.AsString)] : [],
    };

    private static DateTimeOffset Time(BsonValue value) => new(value.AsDateTime.ToUniversalTime());
}
