using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

public sealed class PasswordsTests
{
    [Fact]
    public void What_is_verified_for_nobody_takes_the_same_work_as_a_real_hash()
    {
        // Algorithm, iterations and length of the salt stand at the beginning, the rest is salt and key.
        const int Header = 13;
        var real = Convert.FromBase64String(Passwords.Hash("correct horse"));
        var nobodys = Convert.FromBase64String(Passwords.NobodysHash);
        Assert.Equal(real[..Header], nobodys[..Header]);
        Assert.Equal(real.Length, nobodys.Length);
    }

    [Fact]
    public void Only_the_right_password_belongs_to_a_hash_and_none_to_nobody()
    {
        var hash = Passwords.Hash("correct horse");
        Assert.True(Passwords.Verify(hash, "correct horse"));
        Assert.False(Passwords.Verify(hash, "wrong horse"));
        Assert.False(Passwords.Verify(null, ""));
        Assert.False(Passwords.Verify("", "correct horse"));
    }
}
