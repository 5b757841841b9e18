//! What counts as an approval. That one is used once is told by the conformance suite of hosts.

use std::io::Write;
use std::process::{Command, Stdio};

use plimsoll_model::Digest;
use plimsoll_model::approval::{Approver, Whose};
use plimsoll_testkit::fixtures::approver::Signer;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::SkEd25519;
use ssh_key::sha2::{Digest as _, Sha256};
use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SigningKey, public::KeyData};

use super::*;

const NOW: Moment = Moment(1_800_000_000_000);

fn key() -> EnvironmentKey {
    EnvironmentKey { project: "shop".parse().unwrap(), environment: "production".parse().unwrap() }
}

fn unsigned(by: Approver) -> Approval {
    let plan = PlanHash(Digest::of_value(&"a plan"));
    Approval { key: key(), plan, by, until: NOW.plus(60_000), nonce: "0011".into(), signature: String::new() }
}

fn by(signer: &Signer) -> Approval {
    signer.sign(unsigned(signer.approver()))
}

fn code(approval: &Approval, by: &[&Signer]) -> Option<String> {
    let rule = ApprovalRule { of: Whose::Everyone, by: by.iter().map(|signer| signer.approver()).collect() };
    judge(approval, &key(), Some(&rule), NOW).err().map(|failure| failure.code)
}

#[test]
fn an_approval_counts_that_one_who_can_has_signed_for_this_plan_and_this_while() {
    let (ann, bob, eve) = (Signer::of(1), Signer::of(2), Signer::of(3));
    let good = by(&ann);
    assert_eq!(code(&good, &[&ann, &bob]), None);
    assert_eq!(code(&by(&bob), &[&ann, &bob]), None);
    assert_eq!(code(&by(&eve), &[&ann, &bob]).as_deref(), Some("approver-unknown"));
    for changed in [
        Approval { plan: PlanHash(Digest::of_value(&"another plan")), ..good.clone() },
        Approval { until: good.until.plus(1), ..good.clone() },
        Approval { nonce: "0012".into(), ..good.clone() },
        Approval { by: bob.approver(), ..good.clone() },
        Approval { signature: by(&bob).signature, ..good.clone() },
        Approval { signature: "no signature".into(), ..good.clone() },
        eve.sign(Approval { by: ann.approver(), ..good.clone() }),
    ] {
        assert_eq!(code(&changed, &[&ann, &bob]).as_deref(), Some("approval-forged"), "{changed:?}");
    }
    let elsewhere = EnvironmentKey { environment: "dev".parse().unwrap(), ..key() };
    assert_eq!(code(&ann.sign(Approval { key: elsewhere, ..good.clone() }), &[&ann]).as_deref(), Some("approval-unfit"));
    assert_eq!(code(&ann.sign(Approval { until: NOW, ..good.clone() }), &[&ann]).as_deref(), Some("approval-late"));
    assert_eq!(code(&ann.sign(Approval { until: NOW.plus(LONGEST_MS + 1), ..good }), &[&ann]).as_deref(), Some("approval-unfit"));
}

#[test]
fn a_comment_beside_the_key_means_nothing() {
    let ann = Signer::of(1);
    let renamed = Approver::new(&format!("{} somebody else", ann.approver().key())).unwrap();
    assert_eq!(code(&Approval { by: renamed, ..by(&ann) }, &[&ann]), None);
}

#[test]
fn what_was_signed_for_something_else_is_no_approval() {
    let ann = ssh_key::PrivateKey::new(Ed25519Keypair::from_seed(&[7; 32]).into(), "ann").unwrap();
    let approval = unsigned(Approver::new(&ann.public_key().to_openssh().unwrap()).unwrap());
    let signed = |namespace: &str| {
        let signature = ann.sign(namespace, HashAlg::Sha256, approval.statement().as_bytes()).unwrap();
        is_signed(&Approval { signature: signature.to_pem(LineEnding::LF).unwrap(), ..approval.clone() })
    };
    assert!(signed(NAMESPACE) && !signed("git") && !signed("plimsoll-approval2"));
}

/// Signs as OpenSSH's PROTOCOL.u2f says that a key in hardware does, with these flags.
fn in_hardware(flags: u8) -> bool {
    fn sign<K: SigningKey>(key: &K, data: &[u8]) -> Vec<u8> {
        key.try_sign(data).unwrap().as_bytes().to_vec()
    }
    let keypair = Ed25519Keypair::from_seed(&[9; 32]);
    let public = PublicKey::new(KeyData::SkEd25519(SkEd25519::new(keypair.public, "ssh:")), "ann's token");
    let approval = unsigned(Approver::new(&public.to_openssh().unwrap()).unwrap());
    let message = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, approval.statement().as_bytes()).unwrap();
    let trailer = [flags, 0, 0, 0, 5];
    let data = [&Sha256::digest("ssh:")[..], &trailer, &Sha256::digest(&message)[..]].concat();
    let private = ssh_key::PrivateKey::new(keypair.into(), "").unwrap();
    let signature = Signature::new(Algorithm::SkEd25519, [sign(&private, &data), trailer.to_vec()].concat()).unwrap();
    let signature = SshSig::new(public.key_data().clone(), NAMESPACE, HashAlg::Sha512, signature).unwrap();
    is_signed(&Approval { signature: signature.to_pem(LineEnding::LF).unwrap(), ..approval })
}

#[test]
fn a_key_in_hardware_counts_when_somebody_has_touched_it() {
    assert!(in_hardware(TOUCHED) && in_hardware(TOUCHED | 4) && !in_hardware(0) && !in_hardware(4));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a program of OpenSSH's own is what this is about")]
fn signatures_of_openssh_count_whatever_the_type_of_the_key() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("rsa", "2048")] {
        let file = folder.path().join(kind);
        let made = Command::new("ssh-keygen").args(["-q", "-t", kind, "-b", bits, "-N", "", "-C", "ann@desk", "-f"]).arg(&file).status();
        assert!(made.unwrap().success(), "{kind}");
        let approval = unsigned(Approver::new(&std::fs::read_to_string(file.with_extension("pub")).unwrap()).unwrap());
        let mut sign = Command::new("ssh-keygen");
        sign.args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"]).arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut signing = sign.spawn().unwrap();
        signing.stdin.take().unwrap().write_all(approval.statement().as_bytes()).unwrap();
        let signature = String::from_utf8(signing.wait_with_output().unwrap().stdout).unwrap();
        assert!(is_signed(&Approval { signature, ..approval }), "{kind}");
    }
}
